/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/coverage.h"

#include "cgroup/mount.h"
#include "cgroup/watch.h"
#include "engine/compile.h"
#include "inspect/containers.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int coverage_begin(struct coverage *coverage, struct plan *plan)
{
	const size_t rules = plan->config->rule_count;

	*coverage = (struct coverage){.plan = plan, .rule_count = rules};
	coverage->rules = calloc(rules + 1, sizeof(*coverage->rules));
	coverage->matched = calloc(rules + 1, sizeof(*coverage->matched));
	for (size_t i = 0; coverage->rules != NULL && i < rules; i++)
		coverage->rules[i].taker = NO_RULE;
	return coverage->rules != NULL && coverage->matched != NULL ? 0 : -ENOMEM;
}

static int add_example(struct rule_coverage *rule, const char *path)
{
	if (rule->count++ >= COVERAGE_EXAMPLES)
		return 0;
	rule->examples[rule->count - 1] = strdup(path);
	return rule->examples[rule->count - 1] != NULL ? 0 : -ENOMEM;
}

static void note_taken(struct rule_coverage *rule, int32_t taker)
{
	rule->taken++;
	rule->has_more_takers = rule->has_more_takers || (rule->taker != NO_RULE && rule->taker != taker);
	if (rule->taker == NO_RULE)
		rule->taker = taker;
}

/* Which rules match this very path. Returns the first of them or NO_RULE. */
static int32_t note_matches(struct coverage *coverage)
{
	const struct config *config = coverage->plan->config;
	int32_t first = NO_RULE;

	for (int32_t i = 0; i < (int32_t)config->rule_count; i++) {
		struct rule_coverage *rule = &coverage->rules[i];

		if (!coverage->matched[i])
			continue;
		rule->matched++;
		if (first == NO_RULE) {
			first = i;
			continue;
		}
		note_taken(rule, first);
		rule->taken_astray += config->rules[first].target != config->rules[i].target;
	}
	return first;
}

static int note_container(struct coverage *coverage, uint32_t target)
{
	if (coverage->containers++ > 0)
		return 0;
	coverage->container_target = target;
	coverage->container = strdup(coverage->plan->path);
	return coverage->container != NULL ? 0 : -ENOMEM;
}

int coverage_add(struct coverage *coverage, const struct cgroup *cgroup)
{
	struct plan *plan = coverage->plan;
	const int32_t holding = plan_rule(plan, cgroup);
	size_t length = 0;
	int result = 0;

	if (cgroup->parent == NULL)
		return 0;
	coverage->cgroups++;
	coverage->steered += plan_target(plan, cgroup) != TARGET_DIRECT;
	length = cgroup_path(cgroup, plan->path);
	if (holding != NO_RULE)
		result = add_example(&coverage->rules[holding], plan->path);
	if (result == 0 && !policy_match_each(plan->policy, plan->path, length, coverage->matched))
		result = -ENOMEM;
	if (result == 0 && note_matches(coverage) == NO_RULE && container_of_docker(plan->path))
		result = note_container(coverage, plan_target(plan, cgroup));
	return result;
}

void coverage_clear(struct coverage *coverage)
{
	for (size_t i = 0; coverage->rules != NULL && i < coverage->rule_count; i++) {
		for (size_t j = 0; j < COVERAGE_EXAMPLES; j++)
			free(coverage->rules[i].examples[j]);
	}
	free(coverage->rules);
	free(coverage->matched);
	free(coverage->container);
	*coverage = (struct coverage){0};
}

static int read_tree(const struct config *config, struct cgroup_tree *tree, struct error *error)
{
	CLEANUP(freep) char *mount = NULL;
	int result = cgroup_mount_find(config->cgroup_root, &mount, error);

	return result < 0 ? result : cgroup_tree_read(tree, mount, error);
}

static int compare(struct comparison *comparison, const struct config *config)
{
	int result = -ENOMEM;

	comparison->policy = compile_policy(config);
	comparison->plan = calloc(1, sizeof(*comparison->plan)); /* too large for the stack */
	if (comparison->policy == NULL || comparison->plan == NULL)
		return -ENOMEM;
	result = plan_init(comparison->plan, config, comparison->policy);
	if (result == 0)
		result = plan_decide_all(comparison->plan, comparison->tree.root);
	if (result == 0)
		result = coverage_begin(&comparison->coverage, comparison->plan);
	for (const struct cgroup *cgroup = comparison->tree.root; cgroup != NULL && result == 0;
	     cgroup = cgroup_next(cgroup))
		result = coverage_add(&comparison->coverage, cgroup);
	return result;
}

int comparison_make(struct comparison *comparison, const struct config *config, struct error *error)
{
	int result = read_tree(config, &comparison->tree, error);

	if (result < 0)
		return result;
	result = compare(comparison, config);
	return result < 0 ? error_set(error, result, "no memory to compare the cgroups with the rules") : 0;
}

void comparison_clear(struct comparison *comparison)
{
	coverage_clear(&comparison->coverage);
	if (comparison->plan != NULL)
		plan_clear(comparison->plan);
	free(comparison->plan);
	policy_free(comparison->policy);
	if (comparison->tree.root != NULL)
		cgroup_tree_clear(&comparison->tree);
	*comparison = (struct comparison){0};
}
