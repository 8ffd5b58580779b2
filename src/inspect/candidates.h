/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CANDIDATES_H
#define CGTPROXY_INSPECT_CANDIDATES_H

#include "inspect/applications.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CANDIDATE_ALIASES = 3 };

/** What a word may mean: something that runs or is installed. Its texts belong to others. */
struct candidate {
	enum application_kind kind;
	const char *id;
	const char *name;
	const char *aliases[CANDIDATE_ALIASES]; /* further names; NULL behind the last */
	const char *other_id; /* under which it is installed, where the selector takes another; or NULL */
	uint32_t uid;	      /* who runs it, or NO_UID */
	bool runs;
	bool is_installed;
};

struct candidates {
	struct candidate *items; /* several may have the same kind and ID */
	size_t count;
	size_t capacity;
	char **texts; /* that were made for them */
	size_t text_count;
	size_t text_capacity;
};

/**
 * Lists all that a word may mean. Units and users that don't run are looked for by that word only.
 *
 * @applications: outlive the candidates, as do @entries, which may be NULL, and @word
 * @candidates:   zeroed; candidates_clear() it whatever this returns
 *
 * Returns 0 or -ENOMEM.
 */
int candidates_list(const struct applications *applications, const struct desktop_entries *entries, const char *word,
		    struct candidates *candidates);

void candidates_clear(struct candidates *candidates);

#endif
