/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_NAMES_H
#define CGTPROXY_INSPECT_NAMES_H

#include "desktop/entries.h"
#include "inspect/applications.h"

#include <stdbool.h>
#include <stddef.h>

/* Resolves what a user types: "telegram", "Telegram Desktop", "mihomo.service", "user-1000.slice", "alice". */

/** Something that may be meant. Its strings are untrusted: escape them for display. */
struct match {
	enum application_kind kind;
	char *id;    /* as in struct application; for a rule, see application_key() and application_value() */
	char *name;  /* for display */
	char *users; /* who is running it: "alice" or "alice, bob"; NULL if it is not running or the system's */
	bool runs;
	bool is_installed; /* an application with a .desktop file, a unit with a file, or a user that exists */
};

enum { SUGGESTIONS_MAX = 5 };

struct matches {
	struct match *items; /* what is running comes first; sorted by name */
	size_t count;
	size_t capacity;
	char *suggestions[SUGGESTIONS_MAX]; /* if nothing matches: similar names that would match, best first */
	size_t suggestion_count;
};

/**
 * Finds what a name may mean. Only the best kind of match counts, and all matches of that kind are returned, so that
 * the caller can ask which one is meant:
 *
 * 1. the text is valid for a selector: the ID of an application, a unit, a slice, or the path of an existing cgroup.
 *    Case is ignored only if there is no exact match
 * 2. it is a whole name: of an application, translated or not, of its program, of a unit without ".service", or of a
 * user who is logged in or is a person (uid 0, or 1000 and above)
 * 3. it is a word of an application's name, or a part of an application's ID or a unit's name
 *
 * In 2 and 3, case is ignored. Applications that are not running count only if they are shown in menus.
 *
 * @applications: from applications_read()
 * @entries:      what is installed, as applications_read() has read it, or NULL
 * @text:         untrusted
 * @matches:      zeroed; release with matches_clear(), also on failure
 *
 * Returns 0, also if nothing matches, or -ENOMEM.
 */
int names_find(const struct applications *applications, const struct desktop_entries *entries, const char *text,
	       struct matches *matches);

void matches_clear(struct matches *matches);

#endif
