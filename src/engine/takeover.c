/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/takeover.h"

#include "nft/held.h"
#include "util/cleanup.h"

#include <errno.h>

static int take(const struct held_table *held, const struct cgroup_ids *living, struct plan *plan, uint64_t now)
{
	for (size_t i = 0; i < held->cgroup_count; i++) {
		const struct element *element = &held->cgroups[i];

		if (cgroup_ids_have(living, element->cgroup_id))
			continue;
		if (plan_adopt(plan, element, now) < 0)
			return -ENOMEM;
	}
	return 0;
}

int takeover_departed(struct nft *nft, struct plan *plan, const struct cgroup *root, uint64_t now, struct error *error)
{
	CLEANUP(held_table_clear) struct held_table held = {0};
	CLEANUP(cgroup_ids_clear) struct cgroup_ids living = {0};
	int result = held_table_read(nft, &held, error);

	if (result < 0 || !held.state.exists || !held.has_our_shape || held.cgroup_count == 0)
		return result;
	plan->old_levels = held.steering.levels;
	if (cgroup_ids_list(&living, root) < 0 || take(&held, &living, plan, now) < 0)
		return error_set(error, -ENOMEM, "no memory for what the last run left of removed cgroups");
	return 0;
}
