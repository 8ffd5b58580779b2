/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/explain.h"

#include "cgroup/lookup.h"
#include "engine/compile.h"
#include "engine/names.h"
#include "engine/steering.h"
#include "nft/dump.h"
#include "nft/lookups.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The root has no element and no level that the kernel could look up, so no rule applies to it. */
static bool is_root(const char *path)
{
	return cgroup_path_level(path) == 0;
}

static int ask_config(struct instance *instance, const char *path, struct explanation *explanation)
{
	const struct config *config = instance->config;

	explanation->matched = calloc(config->rule_count + 1, sizeof(*explanation->matched));
	if (explanation->matched == NULL)
		return -ENOMEM;
	explanation->rule = NO_RULE;
	explanation->decides = strlen(path);
	if (!is_root(path))
		explanation->rule = policy_match_nearest(instance->policy, path, &explanation->decides);
	if (explanation->rule == RULE_UNKNOWN)
		return -ENOMEM;
	if (explanation->rule != NO_RULE &&
	    !policy_match_each(instance->policy, path, explanation->decides, explanation->matched))
		return -ENOMEM;
	explanation->target = config_target_name(
		config, explanation->rule == NO_RULE ? TARGET_DIRECT : config->rules[explanation->rule].target);
	return 0;
}

/*
 * The kernel looks up elements from the deepest level up. With strict, the first level decides: a cgroup without its
 * own element is refused.
 */
static void find_verdict(const struct elements *held, const uint64_t *ids, int count, bool strict, char *target)
{
	const struct verdict *verdict = NULL;

	for (int level = count - 1; level > 0 && verdict == NULL; level--) {
		verdict = elements_find(held, ids[level]);
		if (verdict == NULL && strict) {
			compile_target_name(&(struct verdict){.kind = VERDICT_DROP}, target);
			return;
		}
	}
	compile_target_name(verdict != NULL ? verdict : &(struct verdict){.kind = VERDICT_RETURN}, target);
}

static enum kernel_view ask_kernel(const char *mount, const char *path, char *target, struct error *error)
{
	CLEANUP(nft_close) struct nft nft = {0};
	CLEANUP(dump_clear) struct dump dump = {0};
	CLEANUP(elements_clear) struct elements held = {0};
	struct cgroup_lookups lookups;
	uint64_t ids[CGROUP_DEPTH_MAX + 1];
	int count = 0;
	int result = nft_open(&nft, error);

	if (result == 0)
		result = dump_read(&nft, &dump, error);
	if (result == -EPERM)
		error_set(error, result, "needs CAP_NET_ADMIN");
	if (result < 0)
		return KERNEL_UNKNOWN;
	if (!dump.state.exists)
		return KERNEL_IDLE;
	if (steering_read_elements(&dump, &held) < 0) {
		error_set(error, -ENOMEM, "no memory for the verdicts that the kernel holds");
		return KERNEL_UNKNOWN;
	}
	if (mount == NULL) {
		error_set(error, -ENOENT, "there is no cgroup2 mount");
		return KERNEL_UNKNOWN;
	}
	count = cgroup_find_ids(mount, path, ids, error);
	if (count < 0)
		return KERNEL_UNKNOWN;
	if (count <= (int)cgroup_path_level(path))
		return KERNEL_NO_CGROUP;
	result = nft_read_lookups(&nft, CHAIN_OUTPUT_MANGLE, &lookups);
	if (result < 0) {
		error_set(error, result, "can't read the rules of the chain " CHAIN_OUTPUT_MANGLE ": %s",
			  strerror(-result));
		return KERNEL_UNKNOWN;
	}
	find_verdict(&held, ids, count, steering_is_strict(&lookups), target);
	return KERNEL_STEERS;
}

int explain_cgroup(struct instance *instance, const char *mount, const char *path, struct explanation *explanation)
{
	int result = 0;

	*explanation = (struct explanation){0};
	result = ask_config(instance, path, explanation);
	if (result < 0)
		return result;
	explanation->view = ask_kernel(mount, path, explanation->kernel, &explanation->reason);
	explanation->differs =
		explanation->view == KERNEL_STEERS && strcmp(explanation->kernel, explanation->target) != 0;
	return 0;
}

void explanation_clear(struct explanation *explanation)
{
	free(explanation->matched);
	*explanation = (struct explanation){0};
}
