/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_POLICY_POLICY_H
#define CGTPROXY_POLICY_POLICY_H

#include "util/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Which rule a cgroup's path falls under. Selectors of every kind are expressions by the time they come here. */
struct policy;

/* What stands in place of a rule's index */
enum {
	NO_RULE = -1,	   /* none matches */
	RULE_UNKNOWN = -2, /* there is no memory to find out */
};

/**
 * Makes a policy.
 *
 * @patterns: the rules' expressions in the order of the rules, @count of them, valid; copied
 *
 * Returns it, for policy_free(), or NULL without memory.
 */
struct policy *policy_new(const char *const *patterns, size_t count);

/**
 * Finds the first rule whose expression matches a path. Each byte of the path that is not part of valid UTF-8 is read
 * as U+FFFD, as Go reads it.
 *
 * @path:   below the mount, beginning with '/', @length bytes, fewer than CGROUP_PATH_SIZE
 * @policy: not const since it keeps buffers from call to call
 *
 * Returns the rule's index, NO_RULE or RULE_UNKNOWN.
 */
int32_t policy_match(struct policy *policy, const char *path, size_t length);

/**
 * Finds the rule in force for a path: the first that matches it, else that of its nearest ancestor that one matches.
 *
 * Returns the rule's index, NO_RULE or RULE_UNKNOWN.
 */
int32_t policy_match_inherited(struct policy *policy, const char *path, size_t length);

/**
 * The same, and which of them the rule matches.
 *
 * @length: of the path; set to the length of that part of it which the rule matches, or to 0 with NO_RULE
 */
int32_t policy_match_nearest(struct policy *policy, const char *path, size_t *length);

/**
 * Tells of each rule whether its expression matches a path.
 *
 * @path:    as for policy_match()
 * @matched: set for each of the rules, in their order
 *
 * Returns false when there is no memory to find out.
 */
bool policy_match_each(struct policy *policy, const char *path, size_t length, bool *matched);

void policy_free(struct policy *policy);

DEFINE_CLEANUP(struct policy *, policy_free)

#endif
