/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/held_table.h"

#include "engine/names.h"
#include "nft/comment.h"
#include "nft/lookups.h"
#include "nft/owner.h"

#include <errno.h>
#include <stdlib.h>

static const struct verdict direct = {.kind = VERDICT_RETURN};
static const struct verdict drop = {.kind = VERDICT_DROP};

int held_table_read(struct nft *nft, struct held_table *table, struct error *error)
{
	struct cgroup_lookups lookups;
	char comment[COMMENT_SIZE];
	struct error ignored;
	uint32_t owner = 0;
	int result = dump_read(nft, &table->dump, error);

	if (result < 0 || !table->dump.state.exists)
		return result;
	if (steering_read_elements(&table->dump, &table->elements) < 0)
		return error_set(error, -ENOMEM, "no memory for the verdicts that the kernel holds");
	table->lookups_result = nft_read_lookups(nft, CHAIN_OUTPUT_MANGLE, &lookups);
	if (table->lookups_result == 0)
		table->strict = steering_is_strict(&lookups);
	if (nft_read_comment(nft, CHAIN_PREROUTING, comment) == 0)
		stamp_read(comment, &table->stamp);
	table->is_left = nft_find_owner(nft, &table->dump.state, &owner, &ignored) == 0 && owner == 0;
	return 0;
}

const struct verdict *held_table_verdict(const struct held_table *table, const uint64_t *ids, int count)
{
	for (int level = count - 1; level > 0; level--) {
		const struct verdict *verdict = elements_find(&table->elements, ids[level]);

		if (verdict != NULL)
			return verdict;
		if (table->strict)
			return &drop;
	}
	return &direct;
}

const struct verdict **held_table_verdicts(const struct held_table *table, const struct cgroup_index *index)
{
	const struct cgroup *cgroup = index->tree.root;
	const struct verdict **verdicts = calloc(index->count, sizeof(const struct verdict *));

	if (verdicts == NULL)
		return NULL;
	verdicts[cgroup_index_position(index, cgroup)] = &direct;
	while ((cgroup = cgroup_next(cgroup)) != NULL) {
		const struct verdict *verdict = elements_find(&table->elements, cgroup->id);

		if (verdict == NULL)
			verdict = table->strict ? &drop : verdicts[cgroup_index_position(index, cgroup->parent)];
		verdicts[cgroup_index_position(index, cgroup)] = verdict;
	}
	return verdicts;
}

void held_table_clear(struct held_table *table)
{
	elements_clear(&table->elements);
	dump_clear(&table->dump);
	*table = (struct held_table){0};
}
