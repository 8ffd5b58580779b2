/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "policy/policy.h"

#include "cgroup/tree.h"
#include "policy/pattern_set.h"
#include "util/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

enum { REPLACEMENT_SIZE = sizeof(replacement) - 1 };

struct policy {
	struct pattern_set *patterns;
	/* a path made valid; its pages are not allocated until they are used */
	char text[CGROUP_PATH_SIZE * REPLACEMENT_SIZE];
};

struct policy *policy_new(const char *const *patterns, size_t count)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy == NULL)
		return NULL;
	policy->patterns = pattern_set_new(patterns, count);
	if (policy->patterns == NULL) {
		free(policy);
		return NULL;
	}
	if (pattern_set_is_slow(policy->patterns))
		log_warning("the rules' expressions are too large to be matched together, so each is tried separately, "
			    "which is slower. Repetitions like {1000} make them large");
	return policy;
}

void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	pattern_set_free(policy->patterns);
	free(policy);
}

_Static_assert((int)NO_RULE == PATTERN_NONE && (int)RULE_UNKNOWN == PATTERN_UNKNOWN, "rules are the patterns' indices");

/* Returns the path itself if it is valid, else a valid version in policy->text; updates its length. */
static const char *make_valid(struct policy *policy, const char *path, size_t *length)
{
	const uint8_t *next = (const uint8_t *)path;
	const uint8_t *end = next + *length;
	size_t used = 0;

	if (u8_check(next, *length) == NULL)
		return path;
	assert(*length < CGROUP_PATH_SIZE);
	while (next < end) {
		ucs4_t character = 0;
		int bytes = u8_mbtoucr(&character, next, (size_t)(end - next));

		if (bytes > 0) {
			memcpy(policy->text + used, next, (size_t)bytes);
			used += (size_t)bytes;
			next += bytes;
		} else {
			memcpy(policy->text + used, replacement, REPLACEMENT_SIZE);
			used += REPLACEMENT_SIZE;
			next++;
		}
	}
	*length = used;
	return policy->text;
}

int32_t policy_match(struct policy *policy, const char *path, size_t length)
{
	const char *text = make_valid(policy, path, &length);

	return pattern_set_first_match(policy->patterns, text, length);
}

bool policy_match_each(struct policy *policy, const char *path, size_t length, bool *matched)
{
	const char *text = make_valid(policy, path, &length);

	return pattern_set_match_each(policy->patterns, text, length, matched);
}

int32_t policy_match_nearest(struct policy *policy, const char *path, size_t *length)
{
	int32_t rule = policy_match(policy, path, *length);

	while (rule == NO_RULE && *length > 0) {
		const char *slash = memrchr(path, '/', *length);

		*length = slash != NULL ? (size_t)(slash - path) : 0;
		if (*length > 0)
			rule = policy_match(policy, path, *length);
	}
	return rule;
}

int32_t policy_match_inherited(struct policy *policy, const char *path, size_t length)
{
	return policy_match_nearest(policy, path, &length);
}
