/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/replace.h"

#include "nft/table.h"
#include "util/cleanup.h"
#include "util/grace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/*
	 * Where the kernel does not protect the table, it may be changed between two looks; and what failed may have
	 * been the answer only, with the table half way between the two transactions.
	 */
	TRIES = 3,
};

/* Does what our table does while that is exchanged. */
#define TABLE_NEXT TABLE_NAME "-next"

static const struct chain *find_chain(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chains[i].name, name) == 0)
			return &ruleset->chains[i];
	}
	return NULL;
}

static bool has_target(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->target_count; i++) {
		if (strcmp(ruleset->targets[i].chain, name) == 0)
			return true;
	}
	return false;
}

static bool has_counter(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->counter_count; i++) {
		if (strcmp(ruleset->counters[i], name) == 0)
			return true;
	}
	return false;
}

/* The targets of the ruleset and those that elements go to yet. For free(); NULL without memory. */
static struct verdict *all_targets(const struct held_table *held, const struct ruleset *ruleset, size_t *count)
{
	struct verdict *targets = calloc(ruleset->target_count + held->target_count, sizeof(*targets));

	*count = 0;
	if (targets == NULL)
		return NULL;
	for (size_t i = 0; i < ruleset->target_count; i++)
		targets[(*count)++] = ruleset->targets[i];
	for (size_t i = 0; i < held->target_count; i++) {
		if (has_target(ruleset, held->targets[i].name))
			continue;
		targets[*count].kind = VERDICT_GOTO;
		memcpy(targets[(*count)++].chain, held->targets[i].name, sizeof(targets->chain));
	}
	return targets;
}

void table_put_preparation(struct batch *batch, const struct held_table *held, const struct table_contents *contents)
{
	const struct ruleset *ruleset = contents->ruleset;
	struct ruleset steering = *ruleset;
	struct level_set all = {0};

	/* cgroups that are direct have no element yet where the table is not strict */
	steering.strict = ruleset->strict && held->steering.strict;
	steering.targets = all_targets(held, ruleset, &steering.target_count);
	batch->failed |= steering.targets == NULL;
	for (uint32_t level = 1; level <= contents->deepest_level; level++)
		all.has[level] = true;
	table_put_frame(batch, ruleset);
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (!held_has_chain(held, ruleset->chains[i].name))
			table_put_rules(batch, ruleset, &ruleset->chains[i]);
	}
	table_put_levels(batch, &steering, &all);
	free(steering.targets);
}

/* What to add to and to remove from the cgroup map. An element whose verdict changes is removed and added. */
struct difference {
	struct element *added;
	size_t added_count;
	struct element *removed;
	size_t removed_count;
};

static void difference_clear(struct difference *difference)
{
	free(difference->added);
	free(difference->removed);
}

/* wanted: by ascending id, as held is */
static void compare(const struct held_table *held, const struct element *wanted, size_t count,
		    struct difference *difference)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		for (; at < held->cgroup_count && held->cgroups[at].cgroup_id < wanted[i].cgroup_id; at++)
			difference->removed[difference->removed_count++] = held->cgroups[at];
		if (at < held->cgroup_count && held->cgroups[at].cgroup_id == wanted[i].cgroup_id) {
			const struct element *last = &held->cgroups[at++];

			if (verdict_equal(last->verdict, wanted[i].verdict))
				continue;
			difference->removed[difference->removed_count++] = *last;
		}
		difference->added[difference->added_count++] = wanted[i];
	}
	for (; at < held->cgroup_count; at++)
		difference->removed[difference->removed_count++] = held->cgroups[at];
}

static int put_cgroup_changes(struct batch *batch, const struct held_table *held, const struct table_contents *contents)
{
	const size_t count = contents->element_count;
	CLEANUP(difference_clear)
	struct difference difference = {
		.added = calloc(count + 1, sizeof(*difference.added)),
		.removed = calloc(held->cgroup_count + 1, sizeof(*difference.removed)),
	};
	CLEANUP(freep) struct element *wanted = calloc(count + 1, sizeof(*wanted));

	if (difference.added == NULL || difference.removed == NULL || wanted == NULL)
		return -ENOMEM;
	if (count > 0)
		memcpy(wanted, contents->elements, count * sizeof(*wanted));
	qsort(wanted, count, sizeof(*wanted), element_compare);
	compare(held, wanted, count, &difference);
	table_delete_elements(batch, contents->ruleset, difference.removed, difference.removed_count);
	table_put_elements(batch, contents->ruleset, difference.added, difference.added_count);
	return 0;
}

/* The cgroups' map is not among them: its elements don't come from the ruleset, and it may be large. */
static int put_set_changes(struct batch *batch, const struct held_table *held, const struct ruleset *ruleset)
{
	int result = 0;

	for (size_t i = 0; i < SET_COUNT && result == 0; i++) {
		enum set_index index = (enum set_index)i;
		struct set_elements wanted = {0};

		if (index == SET_INDEX_CGROUPS)
			continue;
		result = set_elements_of(ruleset, index, &wanted);
		if (result == 0 && !set_elements_equal(&wanted, &held->sets[i])) {
			table_flush_set(batch, ruleset, index);
			table_put_set(batch, ruleset, index);
		}
		free(wanted.items);
	}
	return result;
}

/* Now that neither a rule nor an element leads there. */
static void put_removals(struct batch *batch, const struct held_table *held, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < held->chain_count; i++) {
		if (find_chain(ruleset, held->chains[i].name) == NULL)
			table_delete_chain(batch, ruleset, held->chains[i].name);
	}
	for (size_t i = 0; i < held->target_count; i++) {
		if (!has_target(ruleset, held->targets[i].name))
			table_delete_target(batch, ruleset, held->targets[i].name);
	}
	for (size_t i = 0; i < held->counter_count; i++) {
		if (!has_counter(ruleset, held->counters[i].name))
			table_delete_counter(batch, ruleset, held->counters[i].name);
	}
}

int table_put_change(struct batch *batch, const struct held_table *held, const struct table_contents *contents)
{
	const struct ruleset *ruleset = contents->ruleset;
	int result = put_set_changes(batch, held, ruleset);

	if (result == 0)
		result = put_cgroup_changes(batch, held, contents);
	if (result < 0)
		return result;
	table_delete_rules(batch, ruleset, NULL);
	for (size_t i = 0; i < ruleset->chain_count; i++)
		table_put_rules(batch, ruleset, &ruleset->chains[i]);
	table_put_level_rules(batch, ruleset, &contents->levels);
	put_removals(batch, held, ruleset);
	return 0;
}

static int send_whole(struct nft *nft, struct batch *batch, const struct table_contents *contents, const char *table,
		      uint32_t table_flags, bool exists, struct error *error)
{
	struct ruleset ruleset = *contents->ruleset;

	ruleset.table = table;
	ruleset.room = table_room(contents->element_count);
	batch_begin(batch);
	if (exists)
		table_put_delete(batch, table);
	table_put_new(batch, table, table_flags, 0);
	table_put_contents(batch, &ruleset, &contents->levels);
	table_put_elements(batch, &ruleset, contents->elements, contents->element_count);
	batch_end(batch);
	return nft_send(nft, batch, error);
}

static int make_anew(struct nft *nft, struct batch *batch, bool exists, const struct table_contents *contents,
		     struct error *error)
{
	return send_whole(nft, batch, contents, TABLE_NAME, nft_table_flags(nft), exists, error);
}

/*
 * A packet that met the old table's chains may look up its sets when they are gone, and one that met none of the new
 * chains may be on its way yet. So another table does the same from before until after, each time for a grace period.
 * It ends with this process, should that be killed.
 */
static int exchange(struct nft *nft, struct batch *batch, const struct table_contents *contents, struct error *error)
{
	int result = send_whole(nft, batch, contents, TABLE_NEXT, TABLE_OWNER, false, error);

	if (result < 0)
		return result;
	grace_period();
	result = make_anew(nft, batch, true, contents, error);
	grace_period();
	batch_begin(batch);
	table_put_delete(batch, TABLE_NEXT);
	batch_end(batch);
	if (result < 0) {
		struct error ignored;

		nft_send(nft, batch, &ignored);
		return result;
	}
	return nft_send(nft, batch, error);
}

static int change(struct nft *nft, struct batch *batch, const struct held_table *held,
		  const struct table_contents *wanted, struct error *error)
{
	struct ruleset ruleset = *wanted->ruleset;
	struct table_contents contents = *wanted;
	int result = 0;

	ruleset.room = held->room;
	contents.ruleset = &ruleset;

	batch_begin(batch);
	table_put_preparation(batch, held, &contents);
	batch_end(batch);
	result = nft_send(nft, batch, error);
	if (result < 0)
		return result;
	batch_begin(batch);
	if (table_put_change(batch, held, &contents) < 0)
		return error_set(error, -ENOMEM, "no memory to compare the verdicts of %zu cgroups with the kernel's",
				 contents.element_count);
	batch_end(batch);
	return nft_send(nft, batch, error);
}

static bool has_all_sets(const struct held_table *held)
{
	for (size_t i = 0; i < SET_COUNT; i++) {
		if (!held->has_set[i])
			return false;
	}
	return true;
}

static int replace_once(struct nft *nft, const struct table_contents *contents, size_t *room, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};
	CLEANUP(held_table_clear) struct held_table held = {0};
	int result = held_table_read(nft, &held, error);

	if (result == 0)
		result = nft_adopt(nft, &held.state, error);
	if (result < 0)
		return result;
	if (held.state.exists && nft_can_change(nft, &held.state) && held.has_our_shape && has_all_sets(&held) &&
	    held.room >= contents->element_count) {
		*room = held.room;
		return change(nft, &batch, &held, contents, error);
	}
	*room = table_room(contents->element_count);
	if (held.state.exists)
		return exchange(nft, &batch, contents, error);
	return make_anew(nft, &batch, false, contents, error);
}

/* What can't be otherwise the next time. */
static bool is_final(int result)
{
	return result == 0 || result == -EBUSY || result == -EPERM;
}

int table_replace(struct nft *nft, const struct table_contents *contents, size_t *room, struct error *error)
{
	int result = replace_once(nft, contents, room, error);

	for (int i = 1; i < TRIES && !is_final(result); i++)
		result = replace_once(nft, contents, room, error);
	return result;
}
