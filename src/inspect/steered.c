/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/steered.h"

#include "engine/compile.h"
#include "engine/names.h"
#include "engine/steering.h"
#include "nft/dump.h"
#include "nft/lookups.h"
#include "nft/nft.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *target_at(const struct steered *steered, const struct cgroup_index *index, const struct cgroup *cgroup)
{
	return steered->targets[cgroup_index_position(index, cgroup)];
}

/* A cgroup without an element inherits its parent's target, or is dropped with strict. */
static void decide(const struct cgroup_index *index, const struct elements *elements, bool strict,
		   struct steered *steered)
{
	static const struct verdict direct = {.kind = VERDICT_RETURN};
	static const struct verdict drop = {.kind = VERDICT_DROP};
	const struct cgroup *cgroup = index->tree.root;

	compile_target_name(&direct, target_at(steered, index, cgroup));
	while ((cgroup = cgroup_next(cgroup)) != NULL) {
		const struct verdict *verdict = elements_find(elements, cgroup->id);

		if (verdict == NULL && strict)
			verdict = &drop;
		if (verdict != NULL)
			compile_target_name(verdict, target_at(steered, index, cgroup));
		else
			memcpy(target_at(steered, index, cgroup), target_at(steered, index, cgroup->parent),
			       NFT_NAME_SIZE);
	}
}

int steered_read(const struct cgroup_index *index, struct steered *steered, struct error *error)
{
	CLEANUP(nft_close) struct nft nft = {0};
	CLEANUP(dump_clear) struct dump dump = {0};
	CLEANUP(elements_clear) struct elements elements = {0};
	struct cgroup_lookups lookups;
	bool strict = false;
	int result = nft_open(&nft, error);

	if (result == 0)
		result = dump_read(&nft, &dump, error);
	if (result == -EPERM)
		return 0;
	if (result < 0)
		return result;
	steered->is_known = true;
	steered->is_active = dump.state.exists;
	steered->targets = calloc(index->count, sizeof(*steered->targets));
	if (steered->targets == NULL || steering_read_elements(&dump, &elements) < 0)
		return error_set(error, -ENOMEM, "no memory for the kernel's targets");
	/* the table may be gone by now */
	if (dump.state.exists && nft_read_lookups(&nft, CHAIN_OUTPUT_MANGLE, &lookups) == 0)
		strict = steering_is_strict(&lookups);
	decide(index, &elements, strict, steered);
	return 0;
}

void steered_clear(struct steered *steered)
{
	free(steered->targets);
	*steered = (struct steered){0};
}
