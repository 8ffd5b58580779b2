/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_ENTRIES_H
#define CGTPROXY_DESKTOP_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds the installed applications by their .desktop files (specifications.freedesktop.org/desktop-entry-spec): those
 * of the system, Flatpak, Snap and users. GLib parses the files. It is loaded for the first one, so the daemon, which
 * reads none, never loads it. Without GLib, no application is found.
 */

/** An installed application. All strings are valid UTF-8 but otherwise untrusted: escape them for display. */
struct desktop_entry {
	char *id;	     /* name of the file without ".desktop": "org.telegram.desktop" */
	char *name;	     /* in the language of the environment (LANGUAGE, LC_ALL, LC_MESSAGES, LANG): "Telegram" */
	char *original_name; /* untranslated */
	char *program;	     /* base name of the program in Exec: "telegram-desktop"; or NULL */
	char *snap;	     /* "NAME.APP" of a snap's application, or NULL */
	char *steam_game;    /* if Exec has Steam run a game, the game's number; else NULL */
	bool is_hidden;	     /* not in menus (NoDisplay) */
	bool is_masked;	     /* Hidden=true: to be treated as not installed */
	size_t order;	     /* lower if found earlier */
};

/** The applications of the system or of one user. */
struct desktop_list {
	uint32_t uid; /* DESKTOP_SYSTEM for the system's */
	struct desktop_entry *items;
	size_t count;
	size_t capacity;
};

/** Instead of a user's number: the system. */
#define DESKTOP_SYSTEM UINT32_MAX

struct desktop_entries {
	struct desktop_list *lists;
	size_t count;
	size_t capacity;
};

/**
 * Reads the applications of the system or of a user, unless they have been read before.
 *
 * The system's directories are those of XDG_DATA_DIRS (default: /usr/local/share and /usr/share) and the exports of
 * Flatpak and Snap; a user's are ~/.local/share and the exports of that user's Flatpak. Root reads a user's files with
 * that user's permissions. Ignored are files that are unreadable, not regular, longer than 1 MiB or not valid entries,
 * and all files beyond DESKTOP_FILES_MAX.
 *
 * @entries: zeroed before the first call; release with desktop_entries_clear(), also on failure
 * @uid:     DESKTOP_SYSTEM or a user's
 *
 * Returns 0 or -ENOMEM.
 */
int desktop_entries_read(struct desktop_entries *entries, uint32_t uid);

/**
 * Finds the application with an ID: the user's own, or else the system's.
 *
 * @uid: DESKTOP_SYSTEM or a user's
 *
 * Returns it (it belongs to @entries) or NULL.
 */
const struct desktop_entry *desktop_entries_find(const struct desktop_entries *entries, uint32_t uid, const char *id);

/** Like desktop_entries_find(), but by snap and application: "NAME.APP". */
const struct desktop_entry *desktop_entries_find_snap(const struct desktop_entries *entries, uint32_t uid,
						      const char *snap);

/** Like desktop_entries_find(), but by the number of the game that Steam runs. */
const struct desktop_entry *desktop_entries_find_game(const struct desktop_entries *entries, uint32_t uid,
						      const char *game);

void desktop_entries_clear(struct desktop_entries *entries);

#endif
