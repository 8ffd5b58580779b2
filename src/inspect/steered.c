/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/steered.h"

#include "engine/compile.h"
#include "inspect/held_table.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static int name_targets(const struct cgroup_index *index, const struct held_table *table, struct steered *steered,
			struct error *error)
{
	const struct verdict **verdicts = held_table_verdicts(table, index);

	steered->targets = calloc(index->count, sizeof(*steered->targets));
	for (size_t i = 0; i < index->count && verdicts != NULL && steered->targets != NULL; i++)
		compile_target_name(verdicts[i], steered->targets[i]);
	free(verdicts);
	return verdicts != NULL && steered->targets != NULL
		       ? 0
		       : error_set(error, -ENOMEM, "no memory for the kernel's targets");
}

int steered_read(const struct cgroup_index *index, struct steered *steered, struct error *error)
{
	CLEANUP(nft_close) struct nft nft = {0};
	CLEANUP(held_table_clear) struct held_table table = {0};
	int result = nft_open(&nft, error);

	if (result == 0)
		result = held_table_read(&nft, &table, error);
	if (result == -EPERM)
		return 0;
	if (result < 0)
		return result;
	steered->is_known = true;
	steered->is_active = table.dump.state.exists;
	steered->is_left = table.is_left;
	return name_targets(index, &table, steered, error);
}

void steered_clear(struct steered *steered)
{
	free(steered->targets);
	*steered = (struct steered){0};
}
