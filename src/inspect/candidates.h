/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CANDIDATES_H
#define CGTPROXY_INSPECT_CANDIDATES_H

#include "inspect/applications.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CANDIDATE_ALIASES = 3 };

/** What a name may mean: something running or installed. The strings belong to others. */
struct candidate {
	enum application_kind kind;
	const char *id;
	const char *name;
	const char *aliases[CANDIDATE_ALIASES]; /* further names; NULL after the last */
	const char *other_id;			/* the desktop ID if the selector takes a different one, or NULL */
	uint32_t uid;				/* the user who runs it, or NO_UID */
	bool runs;
	bool is_installed;
};

struct candidates {
	struct candidate *items; /* several may have the same kind and ID */
	size_t count;
	size_t capacity;
	char **texts; /* strings allocated for them */
	size_t text_count;
	size_t text_capacity;
};

/**
 * Lists everything that a name may mean. Units that are not running and users who are not logged in are listed only if
 * they have that name.
 *
 * @applications: must outlive the candidates, as must @word and @entries, which may be NULL
 * @candidates:   zeroed; release with candidates_clear(), also on failure
 *
 * Returns 0 or -ENOMEM.
 */
int candidates_list(const struct applications *applications, const struct desktop_entries *entries, const char *word,
		    struct candidates *candidates);

void candidates_clear(struct candidates *candidates);

#endif
