/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/coverage.h"

#include "cgroup/mount.h"
#include "cgroup/watch.h"
#include "engine/compile.h"
#include "engine/plan.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_example(struct coverage *coverage, const char *path)
{
	if (coverage->count++ >= COVERAGE_EXAMPLES)
		return 0;
	coverage->examples[coverage->count - 1] = strdup(path);
	return coverage->examples[coverage->count - 1] != NULL ? 0 : -ENOMEM;
}

static int count_cgroups(struct plan *plan, struct cgroup *root, struct coverage *coverage)
{
	int result = plan_decide_all(plan, root);

	for (const struct cgroup *cgroup = cgroup_next(root); cgroup != NULL && result == 0;
	     cgroup = cgroup_next(cgroup)) {
		if (plan_rule(plan, cgroup) == NO_RULE)
			continue;
		cgroup_path(cgroup, plan->path);
		result = add_example(&coverage[plan_rule(plan, cgroup)], plan->path);
	}
	return result;
}

static int read_tree(const struct config *config, struct cgroup_tree *tree, struct error *error)
{
	CLEANUP(freep) char *mount = NULL;
	int result = cgroup_mount_find(config->cgroup_root, &mount, error);

	return result < 0 ? result : cgroup_tree_read(tree, mount, error);
}

int coverage_read(const struct config *config, struct coverage **coverage, struct error *error)
{
	CLEANUP(policy_freep) struct policy *policy = compile_policy(config);
	CLEANUP(plan_clear) struct plan plan = {0};
	struct cgroup_tree tree = {0};
	int result = read_tree(config, &tree, error);

	*coverage = NULL;
	if (result < 0)
		return result;
	*coverage = calloc(config->rule_count + 1, sizeof(**coverage));
	result = policy != NULL && *coverage != NULL ? plan_init(&plan, config, policy) : -ENOMEM;
	if (result == 0)
		result = count_cgroups(&plan, tree.root, *coverage);
	cgroup_tree_clear(&tree);
	return result < 0 ? error_set(error, result, "no memory to compare the cgroups with the rules") : 0;
}

void coverage_free(struct coverage *coverage, size_t rules)
{
	for (size_t i = 0; coverage != NULL && i < rules; i++) {
		for (size_t j = 0; j < COVERAGE_EXAMPLES; j++)
			free(coverage[i].examples[j]);
	}
	free(coverage);
}
