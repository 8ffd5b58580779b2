/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_POLICY_PATTERN_SET_H
#define CGTPROXY_POLICY_PATTERN_SET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * RE2 behind a C interface. It is the syntax that configs are written in, and it takes time linear in the length of a
 * text, whatever a user has named a cgroup.
 */

#ifdef __cplusplus
extern "C" {
#endif

struct pattern_set;

/* What pattern_set_first_match() returns besides an index */
enum {
	PATTERN_NONE = -1,    /* no expression matches */
	PATTERN_UNKNOWN = -2, /* there is no memory to find out */
};

/** What is wrong with a regular expression. */
struct pattern_error {
	char reason[128];   /* RE2's words, like "missing )" */
	size_t offset;	    /* in bytes, where the offending part begins */
	char fragment[128]; /* the offending part, cut to fit */
};

/**
 * Checks a regular expression, UTF-8, @length bytes.
 *
 * Returns whether it is valid; fills in @error when not, or when there is no memory to check it.
 */
bool pattern_is_valid(const char *pattern, size_t length, struct pattern_error *error);

/**
 * Says whether an expression can match in the middle of a text, as far as its own text shows: unless it begins with ^
 * or \A, and has no alternative that does not. Without memory to look, it counts as anchored.
 */
bool pattern_is_anchored(const char *pattern);

/**
 * Writes an expression that matches a text and nothing else.
 *
 * Returns it, for free(), or NULL without memory.
 */
char *pattern_quote(const char *text, size_t length);

/**
 * Compiles valid expressions into one automaton.
 *
 * @patterns: @count of them; copied
 *
 * Returns the set, which the caller frees, or NULL without memory.
 */
struct pattern_set *pattern_set_new(const char *const *patterns, size_t count);

/**
 * Finds the first expression that matches anywhere in a text, in one pass for all of them. Where the automaton
 * would need more memory than its budget, each expression is tried by itself, in order.
 *
 * @text: valid UTF-8, @length bytes
 *
 * Returns its index, PATTERN_NONE or PATTERN_UNKNOWN.
 */
int pattern_set_first_match(struct pattern_set *set, const char *text, size_t length);

/**
 * Tells of each expression whether it matches anywhere in a text. Otherwise as pattern_set_first_match().
 *
 * @matched: set for each of the expressions, in their order
 *
 * Returns false when there is no memory to find out.
 */
bool pattern_set_match_each(struct pattern_set *set, const char *text, size_t length, bool *matched);

/** Returns whether the expressions had to be compiled one by one, which makes matching slower. */
bool pattern_set_is_slow(const struct pattern_set *set);

void pattern_set_free(struct pattern_set *set);

#ifdef __cplusplus
}
#endif

#endif
