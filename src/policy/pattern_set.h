/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_POLICY_PATTERN_SET_H
#define CGTPROXY_POLICY_PATTERN_SET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A C interface to RE2. Configs use its syntax, and matching takes time linear in the length of the text, whatever
 * users name their cgroups.
 */

#ifdef __cplusplus
extern "C" {
#endif

struct pattern_set;

/* Returned by pattern_set_first_match() in place of an index */
enum {
	PATTERN_NONE = -1,    /* no expression matches */
	PATTERN_UNKNOWN = -2, /* out of memory */
};

/** An error in a regular expression. */
struct pattern_error {
	char reason[128];   /* RE2's words, like "missing )", in the user's language */
	size_t offset;	    /* of the offending part, in bytes */
	char fragment[128]; /* the offending part, truncated */
};

/**
 * Checks a regular expression, UTF-8, @length bytes.
 *
 * Returns whether it is valid; if not, or if out of memory, fills in @error.
 */
bool pattern_is_valid(const char *pattern, size_t length, struct pattern_error *error);

/**
 * Returns whether an expression can match only at the beginning of a text, judging by its syntax: it begins with ^ or
 * \A, as do all its alternatives. If out of memory, it counts as anchored.
 */
bool pattern_is_anchored(const char *pattern);

/**
 * Quotes a text as an expression that matches exactly that text.
 *
 * Returns it, to be freed with free(), or NULL if out of memory.
 */
char *pattern_quote(const char *text, size_t length);

/**
 * Compiles valid expressions into one automaton.
 *
 * @patterns: @count of them; copied
 *
 * Returns the set, to be freed with pattern_set_free(), or NULL if out of memory.
 */
struct pattern_set *pattern_set_new(const char *const *patterns, size_t count);

/**
 * Finds the first expression that matches anywhere in a text, in one pass for all. If the automaton would need more
 * memory than its budget, the expressions are tried one by one, in order.
 *
 * @text: valid UTF-8, @length bytes
 *
 * Returns its index, PATTERN_NONE or PATTERN_UNKNOWN.
 */
int pattern_set_first_match(struct pattern_set *set, const char *text, size_t length);

/**
 * Finds all expressions that match anywhere in a text. Otherwise like pattern_set_first_match().
 *
 * @matched: set for each expression, in order
 *
 * Returns false when out of memory.
 */
bool pattern_set_match_each(struct pattern_set *set, const char *text, size_t length, bool *matched);

/** Returns whether the expressions had to be compiled separately, which makes matching slower. */
bool pattern_set_is_slow(const struct pattern_set *set);

void pattern_set_free(struct pattern_set *set);

#ifdef __cplusplus
}
#endif

#endif
