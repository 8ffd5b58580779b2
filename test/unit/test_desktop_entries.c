/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which applications are found in directories of .desktop files, and what is in those that is of no use. */

#include "desktop.h"
#include "desktop/rights.h"

#include "desktop/exec.h"

#include <sys/inotify.h>

static const struct desktop_entry *found(struct desktop_entries *entries, uint32_t uid, const char *id)
{
	assert_int_equal(desktop_entries_read(entries, DESKTOP_SYSTEM), 0);
	if (uid != DESKTOP_SYSTEM)
		assert_int_equal(desktop_entries_read(entries, uid), 0);
	return desktop_entries_find(entries, uid, id);
}

static void assert_named(struct desktop_entries *entries, uint32_t uid, const char *id, const char *name)
{
	const struct desktop_entry *entry = found(entries, uid, id);

	if (name == NULL) {
		assert_null(entry);
		return;
	}
	assert_non_null(entry);
	assert_string_equal(entry->name, name);
}

static void test_an_entry(void **state)
{
	struct desktop_entries entries = {0};
	const struct desktop_entry *entry = NULL;

	(void)state;
	put_entry(
		"/first/applications/org.telegram.desktop.desktop",
		"Telegram\nName[zh_CN]=\xe7\x94\xb5\xe6\x8a\xa5\nExec=env A=b \"/opt/my apps/telegram-desktop\" -- %u\n"
		"NoDisplay=true\n[Desktop Action quit]\nName=Quit");
	entry = found(&entries, DESKTOP_SYSTEM, "org.telegram.desktop");
	assert_non_null(entry);
	assert_string_equal(entry->name, "Telegram");
	assert_string_equal(entry->program, "telegram-desktop");
	assert_true(entry->is_hidden);
	assert_false(entry->is_masked);
	assert_null(entry->snap);
	assert_null(entry->steam_game);
	desktop_entries_clear(&entries);

	setenv("LC_ALL", "zh_CN.UTF-8", 1);
	setenv("LANGUAGE", "zh_CN", 1);
	entry = found(&entries, DESKTOP_SYSTEM, "org.telegram.desktop");
	assert_string_equal(entry->name, "\xe7\x94\xb5\xe6\x8a\xa5");
	assert_string_equal(entry->original_name, "Telegram");
	desktop_entries_clear(&entries);
}

static void test_which_directory_wins(void **state)
{
	struct desktop_entries entries = {0};

	(void)state;
	put_entry("/first/applications/a.desktop", "First");
	put_entry("/second/applications/a.desktop", "Second");
	put_entry("/second/applications/b.desktop", "B");
	put_entry("/second/applications/c.desktop", "C");
	put_entry("/second/applications/kde/d.desktop", "D");
	put_entry("/home/alice/.local/share/applications/b.desktop", "Alice's");
	put_bytes("/home/alice/.local/share/applications/c.desktop", "[Desktop Entry]\nHidden=true\n", 28);
	put_entry("/home/alice/.local/share/flatpak/exports/share/applications/e.desktop", "E");
	assert_named(&entries, DESKTOP_SYSTEM, "a", "First");
	assert_named(&entries, 1000, "a", "First");
	assert_named(&entries, 1000, "b", "Alice's");
	assert_named(&entries, 1001, "b", "B");
	assert_named(&entries, 1000, "c", NULL);
	assert_named(&entries, 1001, "c", "C");
	assert_named(&entries, 1001, "kde-d", "D");
	assert_named(&entries, 1001, "d", NULL);
	assert_named(&entries, 1000, "e", "E");
	assert_named(&entries, 1001, "e", NULL);
	assert_named(&entries, 4711, "a", "First");
	assert_int_equal(machine.fsuid, 0);
	assert_int_equal(machine.fsgid, 0);
	desktop_entries_clear(&entries);
}

/* What can't be read with its user's rights is not read with ours. */
static void test_without_the_permission_to_take_rights(void **state)
{
	struct desktop_entries entries = {0};

	(void)state;
	machine.may_take_rights = false;
	put_entry("/home/alice/.local/share/applications/a.desktop", "A");
	assert_named(&entries, 1000, "a", NULL);
	desktop_entries_clear(&entries);
}

static void test_snaps_and_games(void **state)
{
	struct desktop_entries entries = {0};

	(void)state;
	put_entry("/first/applications/org.mozilla.firefox.desktop",
		  "Firefox\nX-SnapInstanceName=firefox\nX-SnapAppName=firefox");
	put_entry("/first/applications/Dota 2.desktop", "Dota 2\nExec=steam steam://rungameid/570");
	assert_named(&entries, DESKTOP_SYSTEM, "Dota 2", "Dota 2");
	assert_string_equal(desktop_entries_find_snap(&entries, 1000, "firefox.firefox")->name, "Firefox");
	assert_null(desktop_entries_find_snap(&entries, 1000, "firefox.firefo"));
	assert_string_equal(desktop_entries_find_game(&entries, 1000, "570")->name, "Dota 2");
	assert_null(desktop_entries_find_game(&entries, 1000, "57"));
	desktop_entries_clear(&entries);
}

static const struct {
	const char *file;
	const char *text;
} useless[] = {
	{"empty", ""},
	{"nothing", "nothing"},
	{"group", "[Desktop Action a]\nName=A\n"},
	{"nameless", "[Desktop Entry]\nType=Application\n"},
	{"unnamed", "[Desktop Entry]\nType=Application\nName=\n"},
	{"link", "[Desktop Entry]\nType=Link\nName=A\n"},
	{"typeless", "[Desktop Entry]\nName=A\n"},
	{"latin1", "[Desktop Entry]\nType=Application\nName=caf\xe9\n"},
	{"elf", "\x7f"
		"ELF\x02\x01\x01"},
};

static void test_what_is_none(void **state)
{
	struct desktop_entries entries = {0};
	static const char head[] = ENTRY "Large\n";
	static char large[(1 << 20) + 1];
	char path[512];

	(void)state;
	for (size_t i = 0; i < COUNT(useless); i++) {
		snprintf(path, sizeof(path), "/first/applications/%s.desktop", useless[i].file);
		put_bytes(path, useless[i].text, strlen(useless[i].text));
	}
	memset(large, '\n', sizeof(large));
	for (size_t i = 0; i < sizeof(head) - 1; i++)
		large[i] = head[i];
	put_bytes("/first/applications/large.desktop", large, sizeof(large));
	put_bytes("/first/applications/fits.desktop", large, sizeof(large) - 1);
	put_entry("/first/applications/\xff.desktop", "Bytes");
	put_entry("/first/applications/.hidden.desktop", "Hidden");
	put_entry("/first/applications/other.txt", "Text");
	put_entry("/first/applications/.desktop", "No name");
	put_entry("/first/applications/1/2/3/4/a.desktop", "Deep");
	put_entry("/first/applications/1/2/3/4/5/a.desktop", "Too deep");
	assert_named(&entries, DESKTOP_SYSTEM, "fits", "Large");
	assert_named(&entries, DESKTOP_SYSTEM, "1-2-3-4-a", "Deep");
	assert_int_equal(entries.lists[0].count, 2);
	desktop_entries_clear(&entries);
}

/* Links lead where their user likes: to a pipe that never says anything, in a circle, nowhere, to a directory. */
/* Of root's own groups none opens a user's files, and all are back afterwards. */
static void test_groups(void **state)
{
	const gid_t own[] = {0, 4, 27};
	struct rights rights;
	char *home = NULL;

	(void)state;
	memcpy(machine.groups, own, sizeof(own));
	machine.group_count = COUNT(own);
	home = rights_take(1000, &rights);
	assert_non_null(home);
	assert_int_equal(machine.group_count, 1);
	assert_int_equal(machine.groups[0], 1000);
	rights_give_back(&rights);
	assert_int_equal(machine.group_count, COUNT(own));
	assert_memory_equal(machine.groups, own, sizeof(own));
	free(home);
}

static void test_no_regular_files(void **state)
{
	struct desktop_entries entries = {0};
	struct inotify_event event;
	int opened = inotify_init1(IN_NONBLOCK);
	char path[512];

	(void)state;
	put_entry("/first/applications/a.desktop", "A");
	machine_path(path, "/first/applications/pipe.desktop");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(inotify_add_watch(opened, path, IN_OPEN) > 0);
	machine_path(path, "/first/applications/to-pipe.desktop");
	assert_int_equal(symlink("pipe.desktop", path), 0);
	machine_path(path, "/first/applications/circle.desktop");
	assert_int_equal(symlink("circle.desktop", path), 0);
	machine_path(path, "/first/applications/nowhere.desktop");
	assert_int_equal(symlink("/nowhere", path), 0);
	machine_path(path, "/first/applications/again");
	assert_int_equal(symlink(".", path), 0);
	machine_path(path, "/first/applications/device.desktop");
	assert_int_equal(symlink("/dev/zero", path), 0);
	machine_path(path, "/first/applications/linked.desktop");
	assert_int_equal(symlink("a.desktop", path), 0);
	assert_named(&entries, DESKTOP_SYSTEM, "a", "A");
	assert_named(&entries, DESKTOP_SYSTEM, "linked", "A");
	assert_named(&entries, DESKTOP_SYSTEM, "again-a", "A");
	/* these two, and both through the link to the directory itself as often as one may go down */
	assert_int_equal(entries.lists[0].count, 2 * 5);
	/* nor is anything else than a file opened to be read, which a device may take for an order */
	assert_int_equal(read(opened, &event, sizeof(event)), -1);
	assert_int_equal(errno, EAGAIN);
	close(opened);
	desktop_entries_clear(&entries);
}

static void test_very_many_files(void **state)
{
	struct desktop_entries entries = {0};

	(void)state;
	for (int i = 0; i < 5010; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/first/applications/%d.desktop", i);
		put_entry(path, "A");
	}
	assert_int_equal(desktop_entries_read(&entries, DESKTOP_SYSTEM), 0);
	assert_int_equal(entries.lists[0].count, 5000);
	desktop_entries_clear(&entries);
}

static void test_programs(void **state)
{
	static const struct {
		const char *exec;
		const char *program;
	} lines[] = {
		{"firefox %u", "firefox"},
		{"/usr/bin/firefox", "firefox"},
		{"\"/opt/a b/run me\" -x", "run me"},
		{"env A=b C=d firefox", "firefox"},
		{"/usr/bin/env -i A=b /snap/bin/firefox %u", "firefox"},
		{"  \tfirefox", "firefox"},
		{"", NULL},
		{" ", NULL},
		{"\"\"", NULL},
		{"\"", NULL},
		{"/usr/bin/", NULL},
		{"env", NULL},
		{"env A=b", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char *program = exec_program(lines[i].exec);

		if (lines[i].program == NULL)
			assert_null(program);
		else
			assert_string_equal(program, lines[i].program);
		free(program);
	}
}

#define with_machine(test) cmocka_unit_test_setup_teardown(test, machine_begin, machine_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_machine(test_an_entry),
		with_machine(test_which_directory_wins),
		with_machine(test_without_the_permission_to_take_rights),
		with_machine(test_snaps_and_games),
		with_machine(test_what_is_none),
		with_machine(test_no_regular_files),
		with_machine(test_very_many_files),
		with_machine(test_groups),
		cmocka_unit_test(test_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
