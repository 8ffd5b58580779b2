/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What words mean on a made-up machine. */

#include "desktop.h"

#include "inspect/names.h"
#include "inspect/similar.h"

static const char *const cgroups[] = {
	"/system.slice/mihomo.service",
	"/system.slice/smbd.service",
	SESSION "/session-3.scope",
	APPS "/app-gnome-org.telegram.desktop-10.scope",
	APPS "/app-org.gnome.Terminal.slice/vte-spawn-1.scope",
	APPS "/syncthing.service",
	APPS "/snap.chromium.chromium" UUID,
	APPS "/app-steam-app570-4711.scope",
	BOBS "/app-flatpak-org.telegram.desktop-12.scope",
	BOBS "/syncthing.service",
	"/docker/6d2f0c",
	"/cgtproxy.slice/cgtproxy-proxy.slice/run-u7.service",
	NULL,
};

static const char *const units[] = {
	"/etc/systemd/system/mihomo.service",	       "/usr/lib/systemd/system/nginx.service",
	"/lib/systemd/system/openvpn-client@.service", "/home/bob/.config/systemd/user/backup.service",
	"/usr/lib/systemd/user/syncthing.service",     NULL,
};

static void put_entries(void)
{
	put_entry("/first/applications/org.telegram.desktop.desktop",
		  "Telegram Desktop\nName[zh_CN]=\xe7\x94\xb5\xe6\x8a\xa5\nExec=telegram-desktop -- %u");
	put_entry("/first/applications/org.gnome.Terminal.desktop", "Terminal\nExec=gnome-terminal");
	put_entry("/first/applications/org.kde.konsole.desktop", "Konsole\nGenericName=Terminal\nExec=konsole");
	put_entry("/first/applications/firefox-esr.desktop", "Firefox ESR\nExec=/usr/lib/firefox-esr/firefox-esr %u");
	put_entry("/first/applications/org.mozilla.firefox.desktop",
		  "Firefox\nX-SnapInstanceName=firefox\nX-SnapAppName=firefox\nExec=env X=y /snap/bin/firefox %u");
	put_entry("/first/applications/chromium_chromium.desktop",
		  "Chromium\nX-SnapInstanceName=chromium\nX-SnapAppName=chromium");
	put_entry("/first/applications/Dota 2.desktop", "Dota 2\nExec=steam steam://rungameid/570");
	put_entry("/first/applications/userapp-Telegram Desktop-X1.desktop", "Telegram Desktop\nNoDisplay=true");
	put_entry("/first/applications/Portal.desktop", "Portal\nExec=steam steam://rungameid/400");
	put_entry("/home/bob/.local/share/applications/notes.desktop", "Stra\xc3\x9f"
								       "e");
	put_entry("/home/bob/.local/share/applications/masked.desktop", "Masked\nHidden=true");
}

/* What is found, as "key: id (users)" with * for what runs and + for what is installed, one a line. */
static char *meaning(const char *word)
{
	struct applications applications = {0};
	struct desktop_entries entries = {0};
	struct matches matches = {0};
	struct error error;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	machine.cgroups = cgroups;
	machine.units = units;
	put_entries();
	assert_int_equal(applications_read(NULL, &entries, &applications, &error), 0);
	assert_int_equal(names_find(&applications, &entries, word, &matches), 0);
	for (size_t i = 0; i < matches.count; i++) {
		const struct match *match = &matches.items[i];

		fprintf(out, "%s%s: %s%s%s%s%s%s", i > 0 ? "\n" : "", application_key(match->kind), match->id,
			match->users != NULL ? " (" : "", match->users != NULL ? match->users : "",
			match->users != NULL ? ")" : "", match->runs ? " *" : "", match->is_installed ? " +" : "");
	}
	for (size_t i = 0; i < matches.suggestion_count; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "? ", matches.suggestions[i]);
	fclose(out);
	matches_clear(&matches);
	applications_clear(&applications);
	desktop_entries_clear(&entries);
	return text;
}

static const struct {
	const char *word;
	const char *meaning;
} words[] = {
	/* what selectors take */
	{"org.telegram.desktop", "app: org.telegram.desktop (alice, bob) * +"},
	{"Org.Telegram.Desktop", "app: org.telegram.desktop (alice, bob) * +"},
	{"mihomo.service", "unit: mihomo.service * +"},
	{"smbd.service", "unit: smbd.service *"},
	{"nginx.service", "unit: nginx.service +"},
	{"openvpn-client@office.service", "unit: openvpn-client@office.service +"},
	{"syncthing.service", "user-unit: syncthing.service (alice, bob) * +"},
	{"backup.service", "user-unit: backup.service +"},
	{"user-1000.slice", "slice: user-1000.slice *"},
	{"cgtproxy-proxy.slice", "slice: cgtproxy-proxy.slice *"},
	{"firefox_firefox", "app: firefox_firefox +"},
	{"org.mozilla.firefox", "app: firefox_firefox +"},
	{"chromium_chromium", "app: chromium_chromium (alice) * +"},
	{"app570", "app: app570 (alice) *"},
	{"/docker", "match: /docker *"},
	{"/docker/6d2f0c", "match: /docker/6d2f0c *"},
	{APPS "/app-gnome-org.telegram.desktop-10.scope", "match: " APPS "/app-gnome-org.telegram.desktop-10.scope *"},
	/* whole names */
	{"Telegram Desktop", "app: org.telegram.desktop (alice, bob) * +"},
	{"telegram desktop", "app: org.telegram.desktop (alice, bob) * +"},
	{"TELEGRAM-desktop", "app: org.telegram.desktop (alice, bob) * +"},
	{"mihomo", "unit: mihomo.service * +"},
	{"nginx", "unit: nginx.service +"},
	{"backup", "user-unit: backup.service +"},
	{"syncthing", "user-unit: syncthing.service (alice, bob) * +"},
	{"alice", "user: alice (alice) * +"},
	{"bob", "user: bob (bob) * +"},
	{"root", "user: root +"},
	{"Firefox", "app: firefox_firefox +"},
	{"firefox", "app: firefox_firefox +\nuser: firefox +"},
	{"firefox-esr", "app: firefox-esr +"},
	{"chromium", "app: chromium_chromium (alice) * +"},
	{"Dota 2", "app: app570 (alice) *"},
	{"stra\xc3\x9f"
	 "e",
	 "app: notes +"},
	{"STRASSE", "app: notes +"},
	/* parts */
	{"telegram", "app: org.telegram.desktop (alice, bob) * +"},
	{"esr", "app: firefox-esr +"},
	{"gnome", "app: org.gnome.Terminal (alice) * +"},
	{"terminal", "app: org.gnome.Terminal (alice) * +"},
	{"org", "app: org.telegram.desktop (alice, bob) * +\napp: org.gnome.Terminal (alice) * +\n"
		"app: firefox_firefox +\napp: org.kde.konsole +"},
	/* nothing */
	{"telegarm", "? Telegram Desktop"},
	{"mihom", "? mihomo"},
	{"mihomo.servise", "? mihomo"},
	{"konsol", "? Konsole"},
	{"Fierfox", "? Firefox, Firefox ESR"},
	{"Portal", ""},
	{"Masked", ""},
	{"daemon", ""},
	{"qqqqqq", ""},
	{"", ""},
	{"/", ""},
	{"/nowhere", ""},
	{"docker", ""},
	{"\xff", ""},
	{"../../etc/passwd", ""},
	{"a\nb", ""},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		char *is = meaning(words[i].word);

		if (strcmp(is, words[i].meaning) != 0)
			print_error("%s:\n%s\ninstead of\n%s\n", words[i].word, is, words[i].meaning);
		free(is);
	}
	for (size_t i = 0; i < COUNT(words); i++) {
		char *is = meaning(words[i].word);

		assert_string_equal(is, words[i].meaning);
		free(is);
	}
}

/* In the language of the environment, and in none. */
static void test_languages(void **state)
{
	char *is = NULL;

	(void)state;
	setenv("LC_ALL", "zh_CN.UTF-8", 1);
	setenv("LANGUAGE", "zh_CN", 1);
	is = meaning("\xe7\x94\xb5\xe6\x8a\xa5");
	assert_string_equal(is, "app: org.telegram.desktop (alice, bob) * +");
	free(is);
	is = meaning("telegram desktop");
	assert_string_equal(is, "app: org.telegram.desktop (alice, bob) * +");
	free(is);
}

static void test_long_words(void **state)
{
	static char word[100000];

	(void)state;
	for (size_t length = 1; length < sizeof(word); length *= 7) {
		char *is = NULL;

		memset(word, 'q', length);
		is = meaning(word);
		assert_string_equal(is, "");
		free(is);
	}
}

static void test_distances(void **state)
{
	(void)state;
	assert_int_equal(similar_distance("abcdef", "abcdef"), 0);
	assert_int_equal(similar_distance("xabcdefx", "abcdef"), 0);
	assert_int_equal(similar_distance("bcd", "abcdef"), 0);
	assert_int_equal(similar_distance("abdcef", "abcdef"), 1);
	assert_int_equal(similar_distance("abcef", "abcdef"), 1);
	assert_int_equal(similar_distance("axcdeyf", "abcdef"), 2);
	assert_true(similar_distance("axcyez", "abcdef") == SIMILAR_NOT);
	assert_true(similar_distance("ab", "xabx") == SIMILAR_NOT);
	assert_true(similar_distance("", "a") == SIMILAR_NOT);
	assert_int_equal(similar_distance("org.xabcedf.desktop", "abcdef"), 2);
	assert_true(similar_has_word("a.b-c", "b"));
	assert_true(similar_has_word("bb b", "b"));
	assert_false(similar_has_word("abc", "b"));
	assert_false(similar_has_word("abc", ""));
}

#define with_machine(test) cmocka_unit_test_setup_teardown(test, machine_begin, machine_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_machine(test_words),
		with_machine(test_languages),
		with_machine(test_long_words),
		cmocka_unit_test(test_distances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
