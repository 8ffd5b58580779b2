/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/steering.h"

#include "engine/names.h"
#include "nft/elements.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROOM = 16384 };

/* The map's verdict for a cgroup that is in a target's set. */
static const struct verdict steered = {.kind = VERDICT_CONTINUE};

void steering_clear(struct steering *steering)
{
	free(steering->targets);
	*steering = (struct steering){0};
}

static int add_lookup(struct chain *chain, uint32_t level)
{
	return chain_add(chain, {.kind = STATEMENT_CGROUP_VMAP, .cgroup_set = {level, MAP_CGROUP}},
			 statement_goto(CHAIN_STEER));
}

static int add_refusal(struct chain *chain, uint32_t level)
{
	return chain_add(chain, {.kind = STATEMENT_IN_CGROUP, .level = level}, statement_goto(CHAIN_DROP));
}

/* Packets with a cgroup skip the conntrack lookups; with strict steering, none get here. */
static int add_orphans(const struct steering *steering, struct chain *chain)
{
	int error = 0;

	if (!steering->strict)
		error = chain_add(chain, {.kind = STATEMENT_IN_CGROUP, .level = 1}, RETURN);
	return error == 0 ? chain_add(chain, statement_goto(CHAIN_ORPHAN)) : error;
}

int steering_write_lookups(const struct steering *steering, const struct level_set *levels, struct chain *chain)
{
	uint32_t deepest = level_set_deepest(levels);
	int error = 0;

	if (steering->strict && deepest < CGROUP_LEVEL_MAX)
		error = add_refusal(chain, deepest + 1);
	for (uint32_t level = deepest; level > 0 && error == 0; level--) {
		if (!levels->has[level])
			continue;
		error = add_lookup(chain, level);
		if (error == 0 && steering->strict)
			error = add_refusal(chain, level);
	}
	return error == 0 && steering->has_orphans ? add_orphans(steering, chain) : error;
}

int steering_write_targets(const struct steering *steering, const struct level_set *levels, struct chain *chain)
{
	int error = 0;

	for (uint32_t level = level_set_deepest(levels); level > 0 && error == 0; level--) {
		for (size_t i = 0; levels->has[level] && i < steering->target_count && error == 0; i++) {
			struct statement is_in = {.kind = STATEMENT_CGROUP_IN, .cgroup_set.level = level};

			memcpy(is_in.cgroup_set.name, steering->targets[i], sizeof(is_in.cgroup_set.name));
			error = chain_add(chain, is_in, statement_goto(steering->targets[i]));
		}
	}
	return error == 0 ? chain_add(chain, statement_goto(CHAIN_DROP)) : error;
}

/* The set of that name, added to the ruleset if missing. NULL if out of memory. */
static struct set *need_set(struct ruleset *ruleset, const char *name, enum set_type type)
{
	struct set *set = ruleset_find_set(ruleset, name);

	return set != NULL ? set : ruleset_add_set(ruleset, name, type);
}

static int fill_map(struct ruleset *ruleset, const struct element *elements, size_t count)
{
	struct set *map = need_set(ruleset, MAP_CGROUP, SET_CGROUP_VERDICTS);
	int error = map != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && error == 0; i++) {
		const struct verdict *verdict = elements[i].verdict;

		error = set_add(map, &elements[i].cgroup_id, 0, verdict->kind == VERDICT_GOTO ? &steered : verdict);
	}
	return error;
}

static int fill_targets(struct ruleset *ruleset, const struct element *elements, size_t count)
{
	const struct verdict *last = NULL;
	struct set *target = NULL;
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++) {
		const struct verdict *verdict = elements[i].verdict;

		if (verdict->kind != VERDICT_GOTO)
			continue;
		if (verdict != last)
			target = need_set(ruleset, verdict->chain, SET_CGROUPS);
		last = verdict;
		error = target != NULL ? set_add(target, &elements[i].cgroup_id, 0, NULL) : -ENOMEM;
	}
	return error;
}

int steering_add_sets(const struct steering *steering, struct ruleset *ruleset, const struct element *elements,
		      size_t count)
{
	int error = fill_map(ruleset, elements, count);

	if (error < 0)
		return error;
	ruleset_find_set(ruleset, MAP_CGROUP)->size = set_room(count, LEAST_ROOM);
	for (size_t i = 0; i < steering->target_count && error == 0; i++) {
		if (ruleset_add_set(ruleset, steering->targets[i], SET_CGROUPS) == NULL)
			error = -ENOMEM;
	}
	return error == 0 ? fill_targets(ruleset, elements, count) : error;
}

typedef void put_function(struct batch *batch, const char *table, const struct set *set,
			  const struct set_element *elements, size_t count);

static void put_elements(struct batch *batch, put_function *put, const struct element *elements, size_t count)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = count > 0 ? ruleset_new() : NULL;

	if (count == 0)
		return;
	if (ruleset == NULL || fill_map(ruleset, elements, count) < 0 || fill_targets(ruleset, elements, count) < 0) {
		batch->failed = true;
		return;
	}
	for (size_t i = 0; i < ruleset->set_count; i++) {
		const struct set *set = &ruleset->sets[i];

		put(batch, ruleset->table, set, set->elements, set->count);
	}
}

void steering_put_elements(struct batch *batch, const struct element *elements, size_t count)
{
	put_elements(batch, elements_put, elements, count);
}

void steering_delete_elements(struct batch *batch, const struct element *elements, size_t count)
{
	put_elements(batch, elements_delete, elements, count);
}

static int compare(const void *left, const void *right)
{
	uint64_t a = ((const struct element *)left)->cgroup_id;
	uint64_t b = ((const struct element *)right)->cgroup_id;

	return (a > b) - (a < b);
}

bool steering_has_target(const struct dump *dump, const struct set *set)
{
	const struct dump_chain *chain = dump_find_chain(dump, set->name);

	return set->type == SET_CGROUPS && chain != NULL && !chain->has_hook;
}

bool steering_is_strict(const struct cgroup_lookups *lookups)
{
	return level_set_deepest(&lookups->all_go_away) > 0;
}

/* The verdict of the target whose set has the cgroup, or drop. */
static const struct verdict *find_target(struct dump *dump, const void *cgroup_id)
{
	struct verdict verdict = {.kind = VERDICT_DROP};

	for (size_t i = 0; i < dump->set_count; i++) {
		const struct set *set = &dump->sets[i];

		if (!steering_has_target(dump, set) || set_find(set, cgroup_id) == NULL)
			continue;
		verdict.kind = VERDICT_GOTO;
		memcpy(verdict.chain, set->name, sizeof(verdict.chain));
		break;
	}
	return verdicts_keep(&dump->verdicts, &verdict);
}

int steering_read_elements(struct dump *dump, struct elements *elements)
{
	const struct set *map = dump_find_set(dump, MAP_CGROUP);

	*elements = (struct elements){0};
	if (map == NULL || map->type != SET_CGROUP_VERDICTS)
		return 0;
	elements->items = calloc(map->count + 1, sizeof(*elements->items));
	if (elements->items == NULL)
		return -ENOMEM;
	for (; elements->count < map->count; elements->count++) {
		const struct set_element *held = &map->elements[elements->count];
		struct element *element = &elements->items[elements->count];

		memcpy(&element->cgroup_id, held->key, sizeof(element->cgroup_id));
		element->verdict = held->verdict;
		if (held->verdict->kind == VERDICT_CONTINUE)
			element->verdict = find_target(dump, held->key);
		if (element->verdict == NULL)
			return -ENOMEM;
	}
	return 0;
}

const struct verdict *elements_find(const struct elements *elements, uint64_t cgroup_id)
{
	const struct element key = {.cgroup_id = cgroup_id};
	const struct element *found = NULL;

	if (elements->count > 0)
		found = bsearch(&key, elements->items, elements->count, sizeof(key), compare);
	return found != NULL ? found->verdict : NULL;
}

void elements_clear(struct elements *elements)
{
	free(elements->items);
	*elements = (struct elements){0};
}
