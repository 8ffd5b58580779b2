/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/ruleset.h"

#include "util/array.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ruleset *ruleset_new(void)
{
	struct ruleset *ruleset = calloc(1, sizeof(*ruleset));

	if (ruleset != NULL)
		ruleset->table = TABLE_NAME;
	return ruleset;
}

int ruleset_add_counter(struct ruleset *ruleset, const char *name)
{
	char(*counters)[NFT_NAME_SIZE] = array_reserve(ruleset->counters, &ruleset->counter_capacity,
						       ruleset->counter_count + 1, sizeof(*counters));

	if (counters == NULL)
		return -ENOMEM;
	ruleset->counters = counters;
	snprintf(counters[ruleset->counter_count++], sizeof(*counters), "%s", name);
	return 0;
}

struct set *ruleset_add_set(struct ruleset *ruleset, const char *name, enum set_type type)
{
	struct set *sets = array_reserve(ruleset->sets, &ruleset->set_capacity, ruleset->set_count + 1, sizeof(*sets));
	struct set *set = NULL;

	if (sets == NULL)
		return NULL;
	ruleset->sets = sets;
	set = &sets[ruleset->set_count++];
	*set = (struct set){.type = type};
	snprintf(set->name, sizeof(set->name), "%s", name);
	return set;
}

void ruleset_remove_last_set(struct ruleset *ruleset)
{
	set_clear(&ruleset->sets[--ruleset->set_count]);
}

int ruleset_map(struct ruleset *ruleset, struct set *map, const void *key, const struct verdict *verdict)
{
	const struct verdict *kept = verdicts_keep(&ruleset->verdicts, verdict);

	return kept != NULL ? set_add(map, key, 0, kept) : -ENOMEM;
}

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

struct set *ruleset_find_set(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->set_count; i++) {
		if (strcmp(ruleset->sets[i].name, name) == 0)
			return &ruleset->sets[i];
	}
	return NULL;
}

struct chain *ruleset_find_chain(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chains[i].name, name) == 0)
			return &ruleset->chains[i];
	}
	return NULL;
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

struct statement statement_about(enum statement_kind kind, const char *name)
{
	struct statement statement = {.kind = kind};

	snprintf(statement.name, sizeof(statement.name), "%s", name);
	return statement;
}

struct statement statement_goto(const char *chain)
{
	struct statement statement = {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_GOTO}};

	snprintf(statement.verdict.chain, sizeof(statement.verdict.chain), "%s", chain);
	return statement;
}

void ruleset_free(struct ruleset *ruleset)
{
	if (ruleset == NULL)
		return;
	for (size_t i = 0; i < ruleset->chain_count; i++)
		free(ruleset->chains[i].rules);
	for (size_t i = 0; i < ruleset->set_count; i++)
		set_clear(&ruleset->sets[i]);
	verdicts_clear(&ruleset->verdicts);
	free(ruleset->chains);
	free(ruleset->sets);
	free(ruleset->counters);
	free(ruleset);
}
