/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/ruleset.h"

#include "util/array.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chain *ruleset_add_chain(struct ruleset *ruleset, const char *name, enum chain_hook hook)
{
	struct chain *chains =
		array_reserve(ruleset->chains, &ruleset->chain_capacity, ruleset->chain_count + 1, sizeof(*chains));
	struct chain *chain = NULL;

	if (chains == NULL)
		return NULL;
	ruleset->chains = chains;
	chain = &chains[ruleset->chain_count++];
	*chain = (struct chain){.hook = hook};
	snprintf(chain->name, sizeof(chain->name), "%s", name);
	return chain;
}

int chain_add_rule(struct chain *chain, const struct statement *statements, size_t count)
{
	struct rule *rules = array_reserve(chain->rules, &chain->capacity, chain->count + 1, sizeof(*rules));

	assert(count <= RULE_STATEMENTS_MAX);
	if (rules == NULL)
		return -ENOMEM;
	chain->rules = rules;
	rules[chain->count] = (struct rule){.count = count};
	memcpy(rules[chain->count].statements, statements, count * sizeof(*statements));
	chain->count++;
	return 0;
}

int mark_map_add(struct mark_map *map, uint32_t mark, const struct verdict *verdict)
{
	struct mark_element *elements = array_reserve(map->elements, &map->capacity, map->count + 1, sizeof(*elements));

	if (elements == NULL)
		return -ENOMEM;
	map->elements = elements;
	elements[map->count++] = (struct mark_element){.mark = mark, .verdict = *verdict};
	return 0;
}

int element_compare(const void *left, const void *right)
{
	uint64_t a = ((const struct element *)left)->cgroup_id;
	uint64_t b = ((const struct element *)right)->cgroup_id;

	return (a > b) - (a < b);
}

static struct statement go_to(const char *name)
{
	struct statement statement = {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_GOTO}};

	snprintf(statement.verdict.chain, sizeof(statement.verdict.chain), "%s", name);
	return statement;
}

static int add_lookup(struct chain *chain, uint32_t level)
{
	return chain_add(chain, {.kind = STATEMENT_CGROUP_VMAP, .level = level}, go_to(CHAIN_STEER));
}

static int add_refusal(struct chain *chain, uint32_t level, const char *drop_chain)
{
	return chain_add(chain, {.kind = STATEMENT_IN_CGROUP, .level = level}, go_to(drop_chain));
}

static uint32_t deepest_level(const struct level_set *levels)
{
	uint32_t deepest = CGROUP_LEVEL_MAX;

	while (deepest > 0 && !levels->has[deepest])
		deepest--;
	return deepest;
}

static bool has_chain(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chains[i].name, name) == 0)
			return true;
	}
	return false;
}

/* For packets that have a cgroup nothing of conntrack is loaded; a strict ruleset has sent them elsewhere already. */
static int add_orphans(const struct ruleset *ruleset, struct chain *chain)
{
	int error = 0;

	if (!ruleset->strict)
		error = chain_add(chain, {.kind = STATEMENT_IN_CGROUP, .level = 1}, RETURN);
	return error == 0 ? chain_add(chain, go_to(CHAIN_ORPHAN)) : error;
}

int ruleset_level_rules(const struct ruleset *ruleset, const struct level_set *levels, struct chain *chain)
{
	uint32_t deepest = deepest_level(levels);
	int error = 0;

	if (ruleset->strict && deepest < CGROUP_LEVEL_MAX)
		error = add_refusal(chain, deepest + 1, ruleset->drop_chain);
	for (uint32_t level = deepest; level > 0 && error == 0; level--) {
		if (!levels->has[level])
			continue;
		error = add_lookup(chain, level);
		if (error == 0 && ruleset->strict)
			error = add_refusal(chain, level, ruleset->drop_chain);
	}
	if (error == 0 && has_chain(ruleset, CHAIN_ORPHAN))
		error = add_orphans(ruleset, chain);
	return error;
}

int ruleset_steered_rules(const struct ruleset *ruleset, const struct level_set *levels, struct chain *chain)
{
	int error = 0;

	for (uint32_t level = deepest_level(levels); level > 0 && error == 0; level--) {
		for (size_t i = 0; levels->has[level] && i < ruleset->target_count && error == 0; i++) {
			const char *target = ruleset->targets[i].chain;

			error = chain_add(chain, {.kind = STATEMENT_CGROUP_SET, .set = {level, target}}, go_to(target));
		}
	}
	return error == 0 ? chain_add(chain, go_to(ruleset->drop_chain)) : error;
}

void chain_clear(struct chain *chain)
{
	free(chain->rules);
	chain->rules = NULL;
	chain->count = 0;
	chain->capacity = 0;
}

void ruleset_free(struct ruleset *ruleset)
{
	if (ruleset == NULL)
		return;
	for (size_t i = 0; i < ruleset->chain_count; i++)
		chain_clear(&ruleset->chains[i]);
	free(ruleset->chains);
	free(ruleset->counters);
	free(ruleset->targets);
	free(ruleset->marks.elements);
	free(ruleset->dns_marks.elements);
	free(ruleset->bypass.intervals);
	free(ruleset->bypass6.intervals);
	free(ruleset);
}
