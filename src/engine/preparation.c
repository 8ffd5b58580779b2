/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/preparation.h"

#include "engine/compile.h"
#include "engine/names.h"
#include "nft/lookups.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_target(const struct steering *steering, const char *name)
{
	for (size_t i = 0; i < steering->target_count; i++) {
		if (strcmp(steering->targets[i], name) == 0)
			return true;
	}
	return false;
}

/* The targets of both tables. */
static int join_targets(const struct dump *held, const struct steering *next, struct steering *both)
{
	both->targets = calloc(next->target_count + held->set_count + 1, sizeof(*both->targets));
	if (both->targets == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < next->target_count; i++)
		memcpy(both->targets[both->target_count++], next->targets[i], sizeof(*both->targets));
	for (size_t i = 0; i < held->set_count; i++) {
		const struct set *set = &held->sets[i];

		if (steering_has_target(held, set) && !has_target(next, set->name))
			memcpy(both->targets[both->target_count++], set->name, sizeof(*both->targets));
	}
	return 0;
}

int transition_write(const struct dump *held, struct ruleset *meanwhile, void *userdata)
{
	const struct transition *transition = userdata;
	const struct steering *next = transition->next;
	CLEANUP(steering_clear) struct steering both = {.has_orphans = next->has_orphans};
	struct cgroup_lookups lookups;
	struct level_set levels = {.has = {false}};
	int result = nft_read_lookups(transition->nft, CHAIN_OUTPUT_MANGLE, &lookups);

	if (result == 0)
		result = join_targets(held, next, &both);
	if (result < 0)
		return result;
	both.strict = next->strict && steering_is_strict(&lookups);
	for (uint32_t level = 1; level <= transition->deepest_level; level++)
		levels.has[level] = true;
	return compile_lookups(meanwhile, &both, &levels);
}
