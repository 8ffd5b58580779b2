/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Of which application a unit is, and that "app" selects it by that ID. */

#include "faults.h"

#include "config/selectors.h"
#include "desktop/unit.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

#define APPS "/user.slice/user-1000.slice/user@1000.service/app.slice/"
#define UUID "5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10"
#define UUID_OF_MANY "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"

static const struct {
	const char *name;
	const char *id;
	const char *snap;
	const char *game;
} units[] = {
	{"app-gnome-org.gnome.Epiphany-2155.scope", "org.gnome.Epiphany"},
	{"app-gnome-gnome\\x2dsoftware\\x2dservice-13765.scope", "gnome-software-service"},
	{"app-org.gnome.Evolution\\x2dalarm\\x2dnotify@autostart.service", "org.gnome.Evolution-alarm-notify"},
	{"app-org.kde.konsole@b2c6d1f0e5a94c7f.service", "org.kde.konsole"},
	{"app-org.kde.kate-5f0c2a1b.scope", "org.kde.kate"},
	{"app-firefox@0123abcd.service", "firefox"},
	{"app-flatpak-org.telegram.desktop-4711.scope", "org.telegram.desktop"},
	{"dbus-:1.2-org.telegram.desktop@0.service", "org.telegram.desktop"},
	{"app-dbus-:1.2-org.gnome.Nautilus@3.service", "org.gnome.Nautilus"},
	{"app-rofi-org.telegram.desktop-12745.service", "org.telegram.desktop"},
	{"app-org.telegram.desktop-12745.service", "org.telegram.desktop"},
	{"app-Hyprland-org.telegram.desktop@8c1f.service", "org.telegram.desktop"},
	{"app-org.telegram.desktop.service", "org.telegram.desktop"},
	{"app-Hyprland-foot-0a1b2c3d.scope", "foot"},
	{"app-org.gnome.Terminal.slice", "org.gnome.Terminal"},
	{"app-\\xe4\\xb8\\xad-1.scope", "\xe4\xb8\xad"},
	{"app-steam-app570-4711.scope", "app570", "", "570"},
	{"app-gnome-app570-4711.scope", "app570"},
	{"app-steam-app570x-4711.scope", "app570x"},
	{"snap.firefox.firefox-" UUID ".scope", "firefox_firefox", "firefox.firefox"},
	{"snap.firefox.firefox." UUID ".scope", "firefox_firefox", "firefox.firefox"},
	{"snap.code.code-cafe-" UUID ".scope", "code_code-cafe", "code.code-cafe"},
	{"snap.firefox_work.firefox-" UUID ".scope", "firefox+work_firefox", "firefox_work.firefox"},
	/* none of an application's */
	{"", NULL},
	{"app-", NULL},
	{"app-.scope", NULL},
	{"app-1.scope", NULL},
	{"app--1.scope", NULL},
	{"app-a-.scope", NULL},
	{"app-a-b-c-1.scope", NULL},
	{"app-a@b-c-1.scope", NULL},
	{"app-a@b-1.scope", NULL},
	{"app-graphical.slice", NULL},
	{"app.slice", NULL},
	{"app-gnome\\x2dsession\\x2dmanager.slice", NULL},
	{"app-a\\x2fb-1.scope", NULL},
	{"app-a\\x5cb-1.scope", NULL},
	{"app-a\\x00b-1.scope", NULL},
	{"app-a\\x2-1.scope", NULL},
	{"app-a\\x61-1.scope", NULL},
	{"app-a\\x2Db-1.scope", NULL},
	{"app-\\xff-1.scope", NULL},
	{"app-a b-1.scope", NULL},
	{"app-org.kde.kate.mount", NULL},
	{"dbus-:1.2-org.telegram.desktop.service", NULL},
	{"dbus-:x-org.telegram.desktop@0.service", NULL},
	{"dbus-:1.2-org.telegram.desktop@0.scope", NULL},
	{"app-dbus-:1.2-org.telegram.desktop.slice", NULL},
	{"syncthing.service", NULL},
	{"vte-spawn-" UUID ".scope", NULL},
	{"snap.firefox.firefox.scope", NULL},
	{"snap.firefox-" UUID ".scope", NULL},
	{"snap.firefox.firefox-" UUID ".service", NULL},
	{"snap.code.hook.configure-" UUID ".scope", NULL},
	{"snap.fire*fox.firefox-" UUID ".scope", NULL},
	{"snap._work.firefox-" UUID ".scope", NULL},
	{"snap.firefox_.firefox-" UUID ".scope", NULL},
	{"snap.." UUID ".scope", NULL},
	{"snap." UUID ".scope", NULL},
	{"snap.a.b-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f1g.scope", NULL},
};

static void assert_selected(const char *name, const char *id)
{
	char text[512];
	char path[512];
	struct config *config = NULL;
	struct policy *policy = NULL;

	snprintf(text, sizeof(text), VERSION "rules:\n  - app: '%s'\n    drop: true\n", id);
	config = parse_good(text);
	policy = policy_new((const char *const[]){config->rules[0].pattern}, 1);
	assert_non_null(policy);
	snprintf(path, sizeof(path), APPS "%s", name);
	if (policy_match(policy, path, strlen(path)) != 0)
		fail_msg("app: %s does not match %s", id, path);
	policy_free(policy);
	config_free(config);
}

static void test_units(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		struct desktop_unit unit;
		bool is_one = desktop_unit_read(units[i].name, &unit);

		if (is_one != (units[i].id != NULL))
			fail_msg("%s is %s", units[i].name, is_one ? unit.id : "none");
		if (!is_one)
			continue;
		assert_string_equal(unit.id, units[i].id);
		assert_string_equal(unit.snap, units[i].snap != NULL ? units[i].snap : "");
		assert_string_equal(unit.game, units[i].game != NULL ? units[i].game : "");
		assert_true(selector_takes(SELECTOR_APP, unit.id));
		assert_selected(units[i].name, unit.id);
	}
}

/* Each name cut anywhere: whatever is taken for an application's is selected by its ID. */
static void test_cut_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		for (size_t length = 0; length < strlen(units[i].name); length++) {
			char name[UNIT_NAME_SIZE];
			struct desktop_unit unit;

			snprintf(name, sizeof(name), "%.*s.scope", (int)length, units[i].name);
			if (desktop_unit_read(name, &unit))
				assert_selected(name, unit.id);
		}
	}
}

static void test_long_names(void **state)
{
	char name[2 * UNIT_NAME_SIZE] = "";
	struct desktop_unit unit;

	(void)state;
	for (size_t length = 1; length < sizeof(name) - 20; length++) {
		snprintf(name, sizeof(name), "app-%0*d-1.scope", (int)length, 0);
		assert_int_equal(desktop_unit_read(name, &unit), strlen(name) < UNIT_NAME_SIZE);
	}
	assert_false(selector_takes(SELECTOR_APP, name));
	snprintf(name, sizeof(name), "snap.%0200d.a-" UUID_OF_MANY ".scope", 0);
	assert_true(desktop_unit_read(name, &unit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_cut_names),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
