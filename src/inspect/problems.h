/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROBLEMS_H
#define CGTPROXY_INSPECT_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

/* Problems that keep steered traffic from its target and that cgtproxy can't fix itself, described with their cures. */

enum problem_kind {
	PROBLEM_MARK,
	PROBLEM_NOTRACK,
	PROBLEM_INPUT_POLICY,
	PROBLEM_ANSWERS,
	PROBLEM_NO_ROUTE,
};

/** Text from other programs is escaped, and the cure is quoted for a shell. */
struct problem {
	enum problem_kind kind;
	char *about; /* its subject, which together with the kind identifies the problem */
	char *text;  /* what is wrong, its effect, and what to do; without a final full stop */
	char *cure;  /* a command to type, or NULL */
};

enum { PROBLEMS_MAX = 32 };

struct problems {
	struct problem *items;
	size_t count;
	size_t left_out; /* number beyond PROBLEMS_MAX */
};

/** Returns a kind's machine-readable name. */
const char *problem_kind_name(enum problem_kind kind);

/**
 * Adds a problem.
 *
 * @cure:   from malloc, or NULL; the list takes ownership, also on failure
 * @format: printf format of the text
 *
 * Returns 0, also if it was left out, or -ENOMEM.
 */
int problems_add(struct problems *problems, enum problem_kind kind, const char *about, char *cure, const char *format,
		 ...) __attribute__((format(printf, 5, 6)));

/** Returns whether the list has one of the same kind and subject. */
bool problems_have(const struct problems *problems, const struct problem *problem);

void problems_clear(struct problems *problems);

#endif
