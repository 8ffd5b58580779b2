/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_NAMES_H
#define CGTPROXY_INSPECT_NAMES_H

#include "desktop/entries.h"
#include "inspect/applications.h"

#include <stdbool.h>
#include <stddef.h>

/* What a person means by a word: "telegram", "Telegram Desktop", "mihomo.service", "user-1000.slice", "alice". */

/** Something that may be meant. What is in its texts is users': escape it where it is shown. */
struct match {
	enum application_kind kind;
	char *id;    /* as struct application has it; application_key() and application_value() make a rule of it */
	char *name;  /* for people */
	char *users; /* who runs it now, "alice" or "alice, bob"; NULL when nobody does, or it is the system's */
	bool runs;   /* now */
	bool is_installed; /* an application with a .desktop file, a unit with a file, or a user that exists */
};

struct matches {
	struct match *items; /* what runs comes first, then by name */
	size_t count;
	size_t capacity;
	char **suggestions; /* only when nothing matches: words near it that would have matched, the nearest first */
	size_t suggestion_count;
};

/**
 * Finds what a word may mean. The best kind of match wins, and all of that kind are given; so one is an answer, and
 * several are a question back:
 *
 * 1. the word is what a selector takes: the ID of an application, a unit, a slice, or the path of a cgroup that exists;
 *    letters count as they are, and only where nothing fits so, whether large or small
 * 2. it is the whole name: that of an application in any language known here, of the program that it runs, of a unit
 *    without its ending, of a user (who is logged in, or is a person by the number: 0, or 1000 and above)
 * 3. it is a word of an application's name, or a part of its ID or of a unit's name
 *
 * From 2 on, letters are compared whether large or small.
 *
 * @applications: what runs now, by applications_read()
 * @entries:      what is installed, or NULL; those of the system and of the users who run something should be read
 * @word:         of any length and content
 * @matches:      zeroed; matches_clear() it whatever this returns
 *
 * Returns 0, also when nothing matches, or -ENOMEM.
 */
int names_find(const struct applications *applications, const struct desktop_entries *entries, const char *word,
	       struct matches *matches);

void matches_clear(struct matches *matches);

#endif
