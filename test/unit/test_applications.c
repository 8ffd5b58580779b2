/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What runs, by the cgroups of made-up machines. */

#include "desktop.h"

#include "config/selectors.h"
#include "inspect/applications.h"
#include "policy/policy.h"

static struct applications applications;
static struct desktop_entries entries;

static void read_machine(const char *const *cgroups)
{
	struct error error;

	machine.cgroups = cgroups;
	assert_int_equal(applications_read(NULL, &entries, &applications, &error), 0);
}

static int end(void **state)
{
	applications_clear(&applications);
	desktop_entries_clear(&entries);
	return machine_end(state);
}

/* kind key, id, name, user ("" for the system's), how many cgroups */
struct expected {
	const char *key;
	const char *id;
	const char *name;
	const char *user;
	size_t cgroups;
};

static void assert_runs(const struct expected *expected, size_t count)
{
	for (size_t i = 0; i < count || i < applications.count; i++) {
		const struct application *is = &applications.items[i];

		if (i >= count)
			fail_msg("%s %s is too much", application_key(is->kind), is->id);
		if (i >= applications.count)
			fail_msg("%s is missing", expected[i].id);
		if (strcmp(application_key(is->kind), expected[i].key) != 0 || strcmp(is->id, expected[i].id) != 0 ||
		    strcmp(is->name, expected[i].name) != 0 ||
		    strcmp(is->user != NULL ? is->user : "", expected[i].user) != 0 ||
		    is->cgroup_count != expected[i].cgroups)
			fail_msg("%zu: %s %s \"%s\" %s %zu", i, application_key(is->kind), is->id, is->name,
				 is->user != NULL ? is->user : "", is->cgroup_count);
	}
}

static const char *const cgroups[] = {
	"/init.scope",
	"/system.slice/mihomo.service",
	"/system.slice/_cpu.service",
	"/system.slice/docker.service/init",
	"/system.slice/docker-6d2f0c.scope",
	"/system.slice/system-getty.slice/getty@tty1.service",
	"/docker/6d2f0c/payload",
	"/docker/6d2f0d",
	"/system.slice/a b.service",
	"/system.slice/app-gnome-org.gnome.Maps-1.scope",
	"/user.slice",
	SESSION "/user-runtime-dir@1000.service",
	SESSION "/session-3.scope",
	SESSION "/session-5.scope/below",
	MANAGER "/init.scope",
	MANAGER "/session.slice/org.gnome.Shell@wayland.service",
	APPS "/app-gnome-org.telegram.desktop-10.scope",
	APPS "/app-gnome-org.telegram.desktop-11.scope/below/it",
	APPS "/app-org.gnome.Terminal.slice/vte-spawn-1.scope",
	APPS "/app-org.gnome.Terminal.slice/gnome-terminal-server.service",
	APPS "/app-graphical.slice/app-Hyprland-foot-0a1b2c3d.scope",
	APPS "/snap.firefox.firefox" UUID,
	APPS "/app-steam-app570-4711.scope",
	APPS "/syncthing.service",
	APPS "/weird name.service",
	APPS "/no-unit",
	BOBS "/app-flatpak-org.telegram.desktop-12.scope",
	BOBS "/syncthing.service/app-org.kde.kate-1.scope",
	"/user.slice/user-4711.slice/session-1.scope",
	"/user.slice/user-4711.slice/user@4711.service/x.service",
	"/user.slice/user-1000.slice/user@1001.service/app.slice/app-a-1.scope",
	"/system.slice/evil.service/user.slice/user-1000.slice/user@1000.service/app.slice/app-a-1.scope",
	NULL,
};

static void test_what_runs(void **state)
{
	static const struct expected expected[] = {
		{"match", "/docker", "/docker", "", 4},
		{"match", "/system.slice/a b.service", "/system.slice/a b.service", "", 1},
		{"match", APPS "/no-unit", APPS "/no-unit", "alice", 1},
		{"match", APPS "/weird name.service", APPS "/weird name.service", "alice", 1},
		{"user", "4711", "4711", "4711", 1},
		{"user", "alice", "alice", "alice", 3},
		{"unit", "app-gnome-org.gnome.Maps-1.scope", "app-gnome-org.gnome.Maps-1.scope", "", 1},
		{"unit", "cpu.service", "cpu", "", 1},
		{"unit", "docker.service", "docker", "", 2},
		{"unit", "docker-6d2f0c.scope", "docker-6d2f0c.scope", "", 1},
		{"app", "app570", "Dota 2", "alice", 1},
		{"unit", "evil.service", "evil", "", 6},
		{"app", "firefox_firefox", "Firefox", "alice", 1},
		{"app", "foot", "foot", "alice", 1},
		{"unit", "getty@tty1.service", "getty@tty1", "", 1},
		{"unit", "init.scope", "init.scope", "", 1},
		{"user-unit", "init.scope", "init.scope", "alice", 1},
		{"unit", "mihomo.service", "mihomo", "", 1},
		{"user-unit", "org.gnome.Shell@wayland.service", "org.gnome.Shell@wayland", "alice", 1},
		{"user-unit", "syncthing.service", "syncthing", "alice", 1},
		{"user-unit", "syncthing.service", "syncthing", "bob", 2},
		{"app", "org.telegram.desktop", "Telegram", "alice", 4},
		{"app", "org.telegram.desktop", "telegram of bob", "bob", 1},
		{"app", "org.gnome.Terminal", "Terminal", "alice", 3},
		{"unit", "user-runtime-dir@1000.service", "user-runtime-dir@1000", "alice", 1},
		{"unit", "user@1001.service", "user@1001", "alice", 3},
		{"user-unit", "x.service", "x", "4711", 1},
	};

	(void)state;
	put_entry("/first/applications/org.telegram.desktop.desktop", "Telegram");
	put_entry("/first/applications/org.gnome.Terminal.desktop", "Terminal");
	put_entry("/first/applications/org.mozilla.firefox.desktop",
		  "Firefox\nX-SnapInstanceName=firefox\nX-SnapAppName=firefox");
	put_entry("/first/applications/Dota 2.desktop", "Dota 2\nExec=steam steam://rungameid/570");
	put_entry("/home/bob/.local/share/applications/org.telegram.desktop.desktop", "telegram of bob");
	read_machine(cgroups);
	assert_runs(expected, COUNT(expected));
}

/* Each is selected by what is said of it, all its cgroups, and nothing of the next. */
static void test_the_selectors_agree(void **state)
{
	(void)state;
	read_machine(cgroups);
	for (size_t i = 0; i < applications.count; i++) {
		const struct application *application = &applications.items[i];
		char *value = application_value(application->kind, application->id);
		char text[512];
		struct config *config = NULL;
		struct policy *policy = NULL;

		snprintf(text, sizeof(text), "version: 1\nrules:\n  - %s: '%s'\n    drop: true\n",
			 application_key(application->kind), value);
		config = parse_good(text);
		policy = policy_new((const char *const[]){config->rules[0].pattern}, 1);
		for (size_t j = 0; j < application->cgroup_count; j++) {
			char *path = cgroup_path_copy(applications.index.by_id[application->cgroups[j]]);

			if (policy_match(policy, path, strlen(path)) != 0)
				fail_msg("%s: %s does not match %s", application_key(application->kind), value, path);
			free(path);
		}
		policy_free(policy);
		config_free(config);
		free(value);
	}
}

/* Each cgroup is somebody's but for the root, slices and users' managers, and nobody's twice. */
static void test_every_cgroup_is_of_one(void **state)
{
	size_t sum = 0;
	size_t others = 0;
	char *seen = NULL;

	(void)state;
	read_machine(cgroups);
	seen = calloc(applications.index.count, 1);
	for (size_t i = 0; i < applications.count; i++) {
		for (size_t j = 0; j < applications.items[i].cgroup_count; j++, sum++)
			assert_int_equal(seen[applications.items[i].cgroups[j]]++, 0);
	}
	for (size_t i = 0; i < applications.index.count; i++) {
		const char *name = applications.index.by_id[i]->name;

		if (seen[i])
			continue;
		others++;
		if (*name != '\0' && strstr(name, ".slice") == NULL && strncmp(name, "user@", 5) != 0)
			fail_msg("%s is of nothing", name);
	}
	assert_int_equal(sum + others, applications.index.count);
	free(seen);
}

static void test_without_names(void **state)
{
	static const char *const one[] = {APPS "/app-gnome-org.telegram.desktop-10.scope", NULL};
	struct error error;

	(void)state;
	put_entry("/first/applications/org.telegram.desktop.desktop", "Telegram");
	machine.cgroups = one;
	assert_int_equal(applications_read(NULL, NULL, &applications, &error), 0);
	assert_int_equal(applications.count, 1);
	assert_string_equal(applications.items[0].name, "org.telegram.desktop");
}

/* An expression for a path of any bytes. */
static void test_values(void **state)
{
	static const char path[] = "/a.b/\xff(c";
	char *value = application_value(APPLICATION_CGROUP, path);
	struct policy *policy = policy_new((const char *const[]){value}, 1);

	(void)state;
	assert_non_null(policy);
	assert_int_equal(policy_match(policy, path, strlen(path)), 0);
	assert_int_equal(policy_match(policy, "/aXb/\xff(c", strlen(path)), NO_RULE);
	assert_int_equal(policy_match(policy, "/a.b/\xff(cd", strlen(path) + 1), NO_RULE);
	assert_int_equal(policy_match(policy, "/a.b/\xff(c/d", strlen(path) + 2), 0);
	policy_free(policy);
	free(value);
}

#define with_machine(test) cmocka_unit_test_setup_teardown(test, machine_begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_machine(test_what_runs),
		with_machine(test_the_selectors_agree),
		with_machine(test_every_cgroup_is_of_one),
		with_machine(test_without_names),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
