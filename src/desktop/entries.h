/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_ENTRIES_H
#define CGTPROXY_DESKTOP_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The applications that are installed, by their .desktop files (specifications.freedesktop.org/desktop-entry-spec): the
 * system's, Flatpak's, Snap's and users'. GLib reads them. It is loaded when the first file is read, so that the
 * daemon, which reads none, does without it; where there is no GLib, no application is found.
 */

/** An installed application. All texts are valid UTF-8, but may hold anything else: escape them where they are shown.
 */
struct desktop_entry {
	char *id;	     /* name of the file without ".desktop": "org.telegram.desktop" */
	char *name;	     /* in the language of the environment (LANGUAGE, LC_ALL, LC_MESSAGES, LANG): "Telegram" */
	char *original_name; /* without any language */
	char *program;	     /* what Exec runs, without directories: "telegram-desktop"; or NULL */
	char *snap;	     /* "NAME.APP" of a snap's application, or NULL */
	char *steam_game;    /* number of the game that it has Steam run, or NULL */
	bool is_hidden;	     /* not in menus (NoDisplay) */
	bool is_masked;	     /* Hidden: whoever wrote it wants it to be taken for not installed */
	size_t order;	     /* in which it was found */
};

/** The applications of one directory list: those of the system, or of one user. */
struct desktop_list {
	uint32_t uid; /* DESKTOP_SYSTEM for the system's */
	struct desktop_entry *items;
	size_t count;
	size_t capacity;
};

/** No user's: UINT32_MAX is nobody's number. */
#define DESKTOP_SYSTEM UINT32_MAX

struct desktop_entries {
	struct desktop_list *lists;
	size_t count;
	size_t capacity;
};

/**
 * Reads the applications of the system, or of a user. Those that were read before are not read again.
 *
 * The system's directories are those of XDG_DATA_DIRS, or else /usr/local/share and /usr/share, and what Flatpak and
 * Snap export; a user's are ~/.local/share and what Flatpak exports there. Root reads a user's with that user's rights.
 * Files that can't be read, are no regular files, longer than 1 MiB, or no valid entries are left out, as is what comes
 * after several thousand of them.
 *
 * @entries: zeroed at first; desktop_entries_clear() it whatever this returns
 * @uid:     DESKTOP_SYSTEM or a user's
 *
 * Returns 0 or -ENOMEM.
 */
int desktop_entries_read(struct desktop_entries *entries, uint32_t uid);

/**
 * Finds the application with an ID: the user's own if there is one, else the system's.
 *
 * @uid: DESKTOP_SYSTEM or a user's
 *
 * Returns it (it belongs to @entries) or NULL.
 */
const struct desktop_entry *desktop_entries_find(const struct desktop_entries *entries, uint32_t uid, const char *id);

/** The same for an application of a snap, "NAME.APP". */
const struct desktop_entry *desktop_entries_find_snap(const struct desktop_entries *entries, uint32_t uid,
						      const char *snap);

/** The same for the entry that has Steam run a game, by the game's number. */
const struct desktop_entry *desktop_entries_find_game(const struct desktop_entries *entries, uint32_t uid,
						      const char *game);

void desktop_entries_clear(struct desktop_entries *entries);

#endif
