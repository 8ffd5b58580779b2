/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_POLICY_POLICY_H
#define CGTPROXY_POLICY_POLICY_H

#include "util/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Matches cgroup paths against the rules. Selectors of every kind are already expressions here. */
struct policy;

/* In place of a rule's index */
enum {
	NO_RULE = -1,	   /* none matches */
	RULE_UNKNOWN = -2, /* out of memory */
};

/**
 * Makes a policy.
 *
 * @patterns: the rules' @count valid expressions, in order; copied
 *
 * Returns it, to be freed with policy_free(), or NULL if out of memory.
 */
struct policy *policy_new(const char *const *patterns, size_t count);

/**
 * Finds the first rule whose expression matches a path. Like in Go, each byte of the path that is not part of valid
 * UTF-8 is read as U+FFFD.
 *
 * @path:   below the mount, beginning with '/', @length bytes, fewer than CGROUP_PATH_SIZE
 * @policy: not const, since it keeps buffers between calls
 *
 * Returns the rule's index, NO_RULE or RULE_UNKNOWN.
 */
int32_t policy_match(struct policy *policy, const char *path, size_t length);

/**
 * Finds the rule in force for a path: the first that matches it, else the first that matches its nearest ancestor with
 * a match.
 *
 * Returns the rule's index, NO_RULE or RULE_UNKNOWN.
 */
int32_t policy_match_inherited(struct policy *policy, const char *path, size_t length);

/**
 * Like policy_match_inherited(), and also finds the part of the path that matched.
 *
 * @length: of the path; set to the length of the part that the rule matches, or to 0 with NO_RULE
 */
int32_t policy_match_nearest(struct policy *policy, const char *path, size_t *length);

/**
 * Finds all rules whose expressions match a path.
 *
 * @path:    as for policy_match()
 * @matched: set for each rule, in order
 *
 * Returns false when out of memory.
 */
bool policy_match_each(struct policy *policy, const char *path, size_t length, bool *matched);

void policy_free(struct policy *policy);

DEFINE_CLEANUP(struct policy *, policy_free)

#endif
