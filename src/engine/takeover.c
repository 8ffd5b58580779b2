/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/takeover.h"

#include "engine/names.h"
#include "engine/steering.h"
#include "nft/dump.h"
#include "nft/lookups.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

static int take(const struct elements *elements, const struct cgroup_ids *living, struct plan *plan, uint64_t now)
{
	for (size_t i = 0; i < elements->count; i++) {
		const struct element *element = &elements->items[i];

		if (cgroup_ids_have(living, element->cgroup_id))
			continue;
		if (plan_adopt(plan, element, now) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_lookups(struct nft *nft, struct plan *plan, struct error *error)
{
	struct cgroup_lookups lookups;
	int result = nft_read_lookups(nft, CHAIN_OUTPUT_MANGLE, &lookups);

	if (result < 0 && result != -ENOENT)
		return error_set(error, result, "can't read the rules of the chain %s: %s", CHAIN_OUTPUT_MANGLE,
				 strerror(-result));
	plan->old_levels = lookups.looked_up;
	return 0;
}

static int take_cgroups(struct nft *nft, struct dump *dump, struct plan *plan, const struct cgroup *root, uint64_t now,
			struct error *error)
{
	CLEANUP(elements_clear) struct elements elements = {0};
	CLEANUP(cgroup_ids_clear) struct cgroup_ids living = {0};
	int result = 0;

	if (steering_read_elements(dump, &elements) < 0)
		return error_set(error, -ENOMEM, "no memory for the verdicts that the last run left");
	if (elements.count == 0)
		return 0;
	result = read_lookups(nft, plan, error);
	if (result == 0 && (cgroup_ids_list(&living, root) < 0 || take(&elements, &living, plan, now) < 0))
		result = error_set(error, -ENOMEM, "no memory for what the last run left of removed cgroups");
	return result;
}

int takeover_read(struct nft *nft, struct instance *instance, const struct cgroup *root, uint64_t now,
		  struct error *error)
{
	CLEANUP(dump_clear) struct dump dump = {0};
	int result = dump_read(nft, &dump, error);

	if (result < 0 || !dump.state.exists)
		return result;
	if (instance->config->containers && container_plan_adopt(&instance->container_plan, &dump) < 0)
		return error_set(error, -ENOMEM, "no memory for what the last run left of containers");
	return take_cgroups(nft, &dump, &instance->plan, root, now, error);
}
