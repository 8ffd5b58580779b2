/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROBLEMS_H
#define CGTPROXY_INSPECT_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Problems that keep steered traffic from its target and that cgtproxy can't fix itself, described with their cures.
 * There is one such list: "status", "check" and the daemon's log show what the same functions find.
 */

enum problem_kind {
	PROBLEM_NOT_RUNNING,
	PROBLEM_TABLE,
	PROBLEM_FILE_ERRORS,
	PROBLEM_FILE_CHANGED,
	PROBLEM_FILE_OTHER,
	PROBLEM_LOOPBACK,
	PROBLEM_IPV6_LOOPBACK,
	PROBLEM_POLICY_RULES,
	PROBLEM_ROUTES,
	PROBLEM_BLOCKING_RULE,
	PROBLEM_FOREIGN_ROUTE,
	PROBLEM_NO_ROUTE,
	PROBLEM_PROXY_ABSENT,
	PROBLEM_PROXY_TRANSPARENT,
	PROBLEM_PROXY_ADDRESS,
	PROBLEM_PROXY_PROTOCOL,
	PROBLEM_PROXY_FAMILY,
	PROBLEM_PROXY_LOOP,
	PROBLEM_RULE_DEAD,
	PROBLEM_RULE_TAKEN,
	PROBLEM_RULE_CONTAINERS,
	PROBLEM_MARK,
	PROBLEM_NOTRACK,
	PROBLEM_INPUT_POLICY,
	PROBLEM_ANSWERS,
	PROBLEM_BRIDGES,
	PROBLEM_GATEWAY_BRIDGE,
	PROBLEM_GATEWAY_INPUT,
	PROBLEM_FORWARDING,
	PROBLEM_NAME_SERVER,
	PROBLEM_CONTAINER_TARGETS,
	PROBLEM_FENCE,
	PROBLEM_WATCHES,
};

/** Text from other programs is escaped, and a command is quoted for a shell. */
struct problem {
	enum problem_kind kind;
	char *about; /* its subject, which together with the kind identifies the problem */
	char *text;  /* what is wrong and its effect; without a final full stop */
	char *cure;  /* a command to type, or what to write where, in one or more lines; or NULL */
};

enum {
	PROBLEMS_MAX = 32,
	PROBLEM_SUMMARY_SIZE = 256,
};

struct problems {
	struct problem *items;
	size_t count;
	size_t left_out; /* number beyond PROBLEMS_MAX */
};

/** Returns a kind's machine-readable name. */
const char *problem_kind_name(enum problem_kind kind);

/** Writes what is wrong in a few words, like "nobody listens for mihomo". Returns @text. */
const char *problem_summary(const struct problem *problem, char text[PROBLEM_SUMMARY_SIZE]);

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

/**
 * Counts a problem as left out if the list is full, so that it need not be described.
 *
 * Returns whether it did.
 */
bool problems_leave_out(struct problems *problems);

/** Formats a cure for problems_add(), in the user's language. Returns it, or NULL without memory. */
char *problem_cure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Formats a cure that is nothing but a command, the same in every language. Returns it, or NULL without memory. */
char *problem_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Has the cures end with a start of the daemon instead of a reload: for when none is running. Returns 0 or -ENOMEM.
 */
int problems_cure_by_starting(struct problems *problems);

/** Returns whether the list has one of the same kind and subject. */
bool problems_have(const struct problems *problems, const struct problem *problem);

/** Moves all problems of one list to the end of another, as far as there is room. Returns 0 or -ENOMEM. */
int problems_move(struct problems *problems, struct problems *from);

/** Returns how many there are, shown or not. */
size_t problems_total(const struct problems *problems);

void problems_clear(struct problems *problems);

#endif
