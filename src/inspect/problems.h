/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROBLEMS_H
#define CGTPROXY_INSPECT_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

/* What keeps steered traffic from getting where it should and can't be mended from here, in words, with its cure. */

enum problem_kind {
	PROBLEM_MARK,
	PROBLEM_NOTRACK,
	PROBLEM_INPUT_POLICY,
	PROBLEM_ANSWERS,
	PROBLEM_NO_ROUTE,
};

/** All that others wrote is escaped, and the cure is for a shell. */
struct problem {
	enum problem_kind kind;
	char *about; /* what it is about: with the kind, by this a problem is known again */
	char *text;  /* what is wrong, what comes of it, and what to do; without a full stop at its end */
	char *cure;  /* a command to type, or NULL */
};

enum { PROBLEMS_MAX = 32 };

struct problems {
	struct problem *items;
	size_t count;
	size_t left_out; /* so many more there are than PROBLEMS_MAX */
};

/** Returns a kind's name, for programs. */
const char *problem_kind_name(enum problem_kind kind);

/**
 * Adds a problem.
 *
 * @cure:   from malloc, or NULL; belongs to the list from then on, whatever this returns
 * @format: printf format of the text
 *
 * Returns 0, also when it was left out, or -ENOMEM.
 */
int problems_add(struct problems *problems, enum problem_kind kind, const char *about, char *cure, const char *format,
		 ...) __attribute__((format(printf, 5, 6)));

/** Returns whether there is one of that kind and about the same. */
bool problems_have(const struct problems *problems, const struct problem *problem);

void problems_clear(struct problems *problems);

#endif
