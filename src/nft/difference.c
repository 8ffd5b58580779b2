/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/difference.h"

#include "nft/elements.h"
#include "nft/hook.h"
#include "nft/table.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_counter(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->counter_count; i++) {
		if (strcmp(ruleset->counters[i], name) == 0)
			return true;
	}
	return false;
}

static bool chain_fits(const struct dump_chain *held, const struct chain *wanted)
{
	const struct hook *hook = hook_of(wanted->hook);

	if (hook == NULL || !held->has_hook)
		return hook == NULL && !held->has_hook;
	return held->number == hook->number && held->priority == hook->priority && strcmp(held->type, hook->type) == 0;
}

/* A set of unlimited size is no substitute for one with a fixed size, which is faster. */
static bool set_fits(const struct set *held, const struct set *wanted)
{
	if (set_is_constant(wanted->type))
		return set_equal(held, wanted);
	return held->type == wanted->type && (held->size == 0) == (wanted->size == 0) &&
	       (held->size == 0 || held->size >= wanted->count);
}

bool difference_is_possible(const struct dump *held, const struct ruleset *wanted)
{
	if (held->is_incomplete)
		return false;
	for (size_t i = 0; i < wanted->chain_count; i++) {
		const struct dump_chain *chain = dump_find_chain(held, wanted->chains[i].name);

		if (chain != NULL && !chain_fits(chain, &wanted->chains[i]))
			return false;
	}
	for (size_t i = 0; i < wanted->set_count; i++) {
		const struct set *set = dump_find_set(held, wanted->sets[i].name);

		if (set != NULL && !set_fits(set, &wanted->sets[i]))
			return false;
	}
	return true;
}

void difference_keep_sizes(const struct dump *held, struct ruleset *wanted)
{
	for (size_t i = 0; i < wanted->set_count; i++) {
		const struct set *set = dump_find_set(held, wanted->sets[i].name);

		if (set != NULL)
			wanted->sets[i].size = set->size;
	}
}

static void put_missing(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	for (size_t i = 0; i < wanted->counter_count; i++) {
		if (dump_find_counter(held, wanted->counters[i]) == NULL)
			table_put_counter(batch, wanted->table, wanted->counters[i]);
	}
	for (size_t i = 0; i < wanted->chain_count; i++) {
		if (dump_find_chain(held, wanted->chains[i].name) == NULL)
			table_put_chain(batch, wanted->table, &wanted->chains[i]);
	}
	for (size_t i = 0; i < wanted->set_count; i++) {
		if (dump_find_set(held, wanted->sets[i].name) == NULL)
			table_put_set(batch, wanted->table, &wanted->sets[i]);
	}
}

/* They are filled when they are made, since no packet is looked up in them before the rules that do so are there. */
static void fill_constants(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	for (size_t i = 0; i < wanted->set_count; i++) {
		const struct set *set = &wanted->sets[i];

		if (set_is_constant(set->type) && dump_find_set(held, set->name) == NULL)
			elements_put(batch, wanted->table, set, set->elements, set->count);
	}
}

void difference_put_preparation(struct batch *batch, const struct dump *held, const struct ruleset *wanted,
				const struct ruleset *meanwhile)
{
	const char *table = wanted->table;

	put_missing(batch, held, wanted);
	fill_constants(batch, held, wanted);
	for (size_t i = 0; i < wanted->chain_count; i++) {
		const struct chain *chain = &wanted->chains[i];

		if (chain->hook == HOOK_NONE && dump_find_chain(held, chain->name) == NULL &&
		    ruleset_find_chain(meanwhile, chain->name) == NULL)
			table_put_rules(batch, table, chain);
	}
	for (size_t i = 0; i < meanwhile->chain_count; i++)
		table_replace_rules(batch, table, &meanwhile->chains[i]);
}

/* Elements to add to and remove from a set. An element whose verdict changes is removed and added. */
struct changes {
	struct set_element *added;
	size_t added_count;
	struct set_element *removed;
	size_t removed_count;
};

static void changes_clear(struct changes *changes)
{
	free(changes->added);
	free(changes->removed);
}

static void compare(const struct set *held, const struct set *wanted, struct changes *changes)
{
	size_t at = 0;

	for (size_t i = 0; i < wanted->count; i++) {
		const struct set_element *element = &wanted->elements[i];

		while (at < held->count && set_element_compare(wanted->type, &held->elements[at], element) < 0)
			changes->removed[changes->removed_count++] = held->elements[at++];
		if (at < held->count && set_element_compare(wanted->type, &held->elements[at], element) == 0) {
			const struct set_element *last = &held->elements[at++];

			if (verdict_equal(last->verdict, element->verdict))
				continue;
			changes->removed[changes->removed_count++] = *last;
		}
		changes->added[changes->added_count++] = *element;
	}
	while (at < held->count)
		changes->removed[changes->removed_count++] = held->elements[at++];
}

/* An element of an interval set is one end of an interval, which can't be added or removed by itself. */
static void put_intervals(struct batch *batch, const char *table, const struct set *wanted)
{
	table_flush_set(batch, table, wanted->name);
	elements_put(batch, table, wanted, wanted->elements, wanted->count);
}

static int put_set_changes(struct batch *batch, const char *table, const struct set *held, const struct set *wanted)
{
	CLEANUP(changes_clear)
	struct changes changes = {
		.added = calloc(wanted->count + 1, sizeof(*changes.added)),
		.removed = calloc(held->count + 1, sizeof(*changes.removed)),
	};

	if (changes.added == NULL || changes.removed == NULL)
		return -ENOMEM;
	compare(held, wanted, &changes);
	if (set_has_intervals(wanted->type) && changes.added_count + changes.removed_count > 0) {
		put_intervals(batch, table, wanted);
		return 0;
	}
	elements_delete(batch, table, wanted, changes.removed, changes.removed_count);
	elements_put(batch, table, wanted, changes.added, changes.added_count);
	return 0;
}

static int put_elements(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	int result = 0;

	for (size_t i = 0; i < wanted->set_count && result == 0; i++) {
		const struct set *set = &wanted->sets[i];
		const struct set *last = dump_find_set(held, set->name);

		if (set_is_constant(set->type))
			continue;
		if (last != NULL)
			result = put_set_changes(batch, wanted->table, last, set);
		else
			elements_put(batch, wanted->table, set, set->elements, set->count);
	}
	return result;
}

bool difference_put_removals(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	const uint32_t before = batch->sequence;

	for (size_t i = 0; i < held->set_count; i++) {
		if (ruleset_find_set(wanted, held->sets[i].name) == NULL)
			table_delete_set(batch, wanted->table, held->sets[i].name);
	}
	for (size_t i = 0; i < held->chain_count; i++) {
		if (ruleset_find_chain(wanted, held->chains[i].name) == NULL)
			table_delete_chain(batch, wanted->table, held->chains[i].name);
	}
	for (size_t i = 0; i < held->counter_count; i++) {
		if (!has_counter(wanted, held->counters[i].name))
			table_delete_counter(batch, wanted->table, held->counters[i].name);
	}
	return batch->sequence != before;
}

int difference_put(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	int result = put_elements(batch, held, wanted);

	if (result < 0)
		return result;
	table_delete_rules(batch, wanted->table, NULL);
	for (size_t i = 0; i < wanted->chain_count; i++)
		table_put_rules(batch, wanted->table, &wanted->chains[i]);
	return 0;
}
