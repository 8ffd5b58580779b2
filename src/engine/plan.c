/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/plan.h"

#include "engine/compile.h"
#include "nft/verdict.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values of a decision's slot that are not an index into plan.added. */
#define SLOT_NONE UINT32_MAX	     /* no element */
#define SLOT_KERNEL (UINT32_MAX - 1) /* the kernel has its element */

int plan_init(struct plan *plan, const struct config *config, struct policy *policy)
{
	size_t targets = TARGET_FIRST_PROXY + config->proxy_count;

	*plan = (struct plan){.config = config, .policy = policy};
	tombstones_init(&plan->tombstones);
	plan->verdicts = calloc(targets, sizeof(*plan->verdicts));
	if (plan->verdicts == NULL)
		return -ENOMEM;
	for (uint32_t target = 0; target < targets; target++)
		plan->verdicts[target] = compile_verdict(config, target);
	return 0;
}

void plan_clear(struct plan *plan)
{
	tombstones_clear(&plan->tombstones);
	free(plan->verdicts);
	free(plan->added);
	free(plan->removed);
	free(plan->elements);
	*plan = (struct plan){0};
}

static struct cgroup_decision *decision(const struct plan *plan, struct cgroup *cgroup)
{
	return &cgroup->decisions[plan->place];
}

int32_t plan_rule(const struct plan *plan, const struct cgroup *cgroup)
{
	return cgroup->parent != NULL ? cgroup->decisions[plan->place].rule : NO_RULE;
}

uint32_t plan_target(const struct plan *plan, const struct cgroup *cgroup)
{
	int32_t rule = plan_rule(plan, cgroup);

	return rule == NO_RULE ? TARGET_DIRECT : plan->config->rules[rule].target;
}

bool plan_has_element(const struct plan *plan, const struct cgroup *cgroup)
{
	if (cgroup->parent == NULL)
		return false;
	return plan->config->strict || plan_target(plan, cgroup) != plan_target(plan, cgroup->parent);
}

const struct verdict *plan_verdict(const struct plan *plan, const struct cgroup *cgroup)
{
	return &plan->verdicts[plan_target(plan, cgroup)];
}

/* The path is shown as "cgtproxy explain" takes it. */
static void log_decision(struct plan *plan, const struct cgroup *cgroup)
{
	const size_t length = cgroup_path(cgroup, plan->path);
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));
	const char *target = config_target_name(plan->config, plan_target(plan, cgroup));
	const int32_t rule = plan_rule(plan, cgroup);
	char place[RULE_PLACE_SIZE];
	char number[16] = "none";
	const struct log_fields fields = {.cgroup = plan->path, .rule = number, .target = target};

	if (shown == NULL)
		return;
	if (rule != NO_RULE)
		snprintf(number, sizeof(number), "%" PRId32, rule + 1);
	escape_but_backslash(shown, ESCAPED_SIZE(length), plan->path, length);
	if (rule == NO_RULE)
		log_about(LOG_DEBUG, &fields, "%s: %s, since no rule matches", shown, target);
	else if (rule == plan_rule(plan, cgroup->parent))
		log_about(LOG_DEBUG, &fields, "%s: %s, by rule %s (%s), as its parent", shown, target, number,
			  config_rule_place(&plan->config->rules[rule], place));
	else
		log_about(LOG_DEBUG, &fields, "%s: %s, by rule %s (%s)", shown, target, number,
			  config_rule_place(&plan->config->rules[rule], place));
}

static int reserve_removal(struct plan *plan)
{
	struct element *removed =
		array_reserve(plan->removed, &plan->removed_capacity, plan->removed_count + 1, sizeof(*removed));

	if (removed == NULL)
		return -ENOMEM;
	plan->removed = removed;
	return 0;
}

/* Call reserve_removal() first. */
static void plan_removal(struct plan *plan, uint64_t cgroup_id, uint32_t level, uint32_t target)
{
	plan->level_elements[level]--;
	plan->removed[plan->removed_count++] = (struct element){cgroup_id, &plan->verdicts[target]};
}

static int plan_addition(struct plan *plan, struct cgroup *cgroup)
{
	struct cgroup **added =
		array_reserve(plan->added, &plan->added_capacity, plan->added_count + 1, sizeof(struct cgroup *));

	if (added == NULL)
		return -ENOMEM;
	plan->added = added;
	decision(plan, cgroup)->slot = (uint32_t)plan->added_count;
	added[plan->added_count++] = cgroup;
	plan->level_elements[cgroup->level]++;
	return 0;
}

/*
 * A cgroup that was taken for removed exists: its tombstone goes, and its element is removed unless it is right. The
 * watch is not known to cause this; but removing the element of a living cgroup would let blocked traffic out, so
 * nothing here relies on that.
 */
static int remove_tombstone_of(struct plan *plan, struct cgroup *cgroup)
{
	struct tombstone *tombstone = tombstones_find(&plan->tombstones, cgroup->id);

	if (tombstone == NULL)
		return 0;
	if (tombstone->has_element && plan_has_element(plan, cgroup) && tombstone->level == cgroup->level &&
	    tombstone->target == plan_target(plan, cgroup)) {
		decision(plan, cgroup)->slot = SLOT_KERNEL;
	} else if (tombstone->has_element) {
		if (reserve_removal(plan) < 0)
			return -ENOMEM;
		plan_removal(plan, tombstone->cgroup_id, tombstone->level, tombstone->target);
	}
	tombstones_remove(&plan->tombstones, tombstone);
	return 0;
}

static int decide(struct plan *plan, struct cgroup *cgroup)
{
	struct cgroup_decision *decided = decision(plan, cgroup);
	size_t length = cgroup_path(cgroup, plan->path);
	int32_t rule = policy_match(plan->policy, plan->path, length);

	*decided = (struct cgroup_decision){rule >= 0 ? rule : plan_rule(plan, cgroup->parent), SLOT_NONE};
	if (rule == RULE_UNKNOWN)
		return -ENOMEM;
	if (remove_tombstone_of(plan, cgroup) < 0)
		return -ENOMEM;
	return decided->slot == SLOT_NONE && plan_has_element(plan, cgroup) ? plan_addition(plan, cgroup) : 0;
}

int plan_appeared(struct plan *plan, struct cgroup *cgroup)
{
	int result = decide(plan, cgroup);

	if (result == 0 && log_shows(LOG_DEBUG))
		log_decision(plan, cgroup);
	return result;
}

static bool is_below_element(const struct plan *plan, const struct cgroup *cgroup)
{
	while (cgroup != NULL && !plan_has_element(plan, cgroup))
		cgroup = cgroup->parent;
	return cgroup != NULL;
}

/* If out of memory, its sockets are not tracked, and its own element, if any, stays until the next reload. */
void plan_vanished(struct plan *plan, const struct cgroup *cgroup, uint64_t now)
{
	const uint32_t slot = cgroup->decisions[plan->place].slot;
	const bool has_element = slot == SLOT_KERNEL;
	const struct tombstone tombstone = {
		.cgroup_id = cgroup->id,
		.parent_id = cgroup->parent->id,
		.expires = now + TOMBSTONE_GRACE,
		.level = cgroup->level,
		.target = plan_target(plan, cgroup),
		.has_element = has_element,
	};

	if (!has_element && slot != SLOT_NONE) {
		/* it came and went between two steps, unknown to the kernel */
		plan->added[slot] = NULL;
		plan->level_elements[cgroup->level]--;
	}
	if (!has_element && !is_below_element(plan, cgroup->parent))
		return;
	if (!tombstones_add(&plan->tombstones, &tombstone))
		log_warning("no memory to track the verdict of a removed cgroup; it stays until the next reload");
}

int plan_decide_all(struct plan *plan, struct cgroup *root)
{
	const struct tombstone *tombstone = NULL;
	int error = 0;

	TAILQ_FOREACH (tombstone, &plan->tombstones.items, next)
		plan->level_elements[tombstone->level] += tombstone->has_element;
	for (struct cgroup *cgroup = cgroup_next(root); cgroup != NULL && error == 0; cgroup = cgroup_next(cgroup))
		error = decide(plan, cgroup);
	return error;
}

/* Maps a target of one config to another's: proxies are matched by name. A removed proxy becomes drop. */
static uint32_t find_target(const struct config *config, const struct config *other, uint32_t others)
{
	if (others < TARGET_FIRST_PROXY)
		return others;
	for (uint32_t target = TARGET_FIRST_PROXY; target < TARGET_FIRST_PROXY + config->proxy_count; target++) {
		if (strcmp(config_target_name(config, target), config_target_name(other, others)) == 0)
			return target;
	}
	return TARGET_DROP;
}

int plan_follow(struct plan *plan, const struct plan *other)
{
	struct tombstone *tombstone = NULL;

	plan->place = (other->place + 1) % CGROUP_DECISIONS;
	if (!tombstones_copy(&plan->tombstones, &other->tombstones))
		return -ENOMEM;
	plan->old_levels = other->old_levels;
	TAILQ_FOREACH (tombstone, &plan->tombstones.items, next)
		tombstone->target = find_target(plan->config, other->config, tombstone->target);
	return 0;
}

static bool has_moved(const struct plan *plan, const struct plan *last, const struct cgroup *cgroup)
{
	return strcmp(config_target_name(plan->config, plan_target(plan, cgroup)),
		      config_target_name(last->config, plan_target(last, cgroup))) != 0;
}

size_t plan_log_moves(struct plan *plan, const struct plan *last, const struct cgroup *root)
{
	size_t count = 0;

	for (const struct cgroup *cgroup = cgroup_next(root); cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		if (!has_moved(plan, last, cgroup))
			continue;
		count++;
		if (log_shows(LOG_DEBUG))
			log_decision(plan, cgroup);
	}
	return count;
}

static int reserve_elements(struct plan *plan, size_t count)
{
	struct element *elements = array_reserve(plan->elements, &plan->elements_capacity, count, sizeof(*elements));

	if (elements == NULL && count > 0)
		return -ENOMEM;
	plan->elements = elements;
	return 0;
}

/* An element of unknown level is looked up at the last run's levels. */
static void compare_levels(const struct plan *plan, struct step *step)
{
	for (size_t level = 0; level <= CGROUP_LEVEL_MAX; level++) {
		step->levels.has[level] = level > 0 && (plan->level_elements[level] > 0 ||
							(plan->level_elements[0] > 0 && plan->old_levels.has[level]));
		step->levels_changed |= step->levels.has[level] != plan->kernel_levels.has[level];
	}
}

int plan_adopt(struct plan *plan, const struct element *element, uint64_t now)
{
	const uint32_t targets = TARGET_FIRST_PROXY + (uint32_t)plan->config->proxy_count;
	struct tombstone tombstone = {.cgroup_id = element->cgroup_id, .expires = now, .has_element = true};

	while (tombstone.target < targets && !verdict_equal(&plan->verdicts[tombstone.target], element->verdict))
		tombstone.target++;
	if (tombstone.target == targets)
		tombstone.target = TARGET_DROP;
	if (!tombstones_add(&plan->tombstones, &tombstone))
		return -ENOMEM;
	plan->level_elements[0]++;
	return 0;
}

static int remove_tombstone(const struct tombstone *tombstone, void *userdata)
{
	struct plan *plan = userdata;

	if (!tombstone->has_element)
		return 0;
	if (reserve_removal(plan) < 0)
		return -ENOMEM;
	plan_removal(plan, tombstone->cgroup_id, tombstone->level, tombstone->target);
	return 0;
}

int plan_census_end(struct plan *plan, uint64_t now)
{
	return tombstones_census_end(&plan->tombstones, now, remove_tombstone, plan);
}

int plan_delta(struct plan *plan, struct step *step)
{
	*step = (struct step){0};
	if (reserve_elements(plan, plan->added_count) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < plan->added_count; i++) {
		if (plan->added[i] != NULL)
			plan->elements[step->element_count++] = (struct element){
				.cgroup_id = plan->added[i]->id,
				.verdict = plan_verdict(plan, plan->added[i]),
			};
	}
	step->elements = plan->elements;
	step->removed = plan->removed;
	step->removed_count = plan->removed_count;
	compare_levels(plan, step);
	return 0;
}

size_t plan_count_elements(const struct plan *plan)
{
	size_t count = 0;

	for (size_t level = 0; level <= CGROUP_LEVEL_MAX; level++)
		count += plan->level_elements[level];
	return count;
}

int plan_full(struct plan *plan, const struct cgroup *root, struct step *step)
{
	const struct tombstone *tombstone = NULL;

	*step = (struct step){0};
	if (reserve_elements(plan, plan_count_elements(plan)) < 0)
		return -ENOMEM;
	for (const struct cgroup *cgroup = root; cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		if (plan_has_element(plan, cgroup))
			plan->elements[step->element_count++] = (struct element){
				.cgroup_id = cgroup->id,
				.verdict = plan_verdict(plan, cgroup),
			};
	}
	TAILQ_FOREACH (tombstone, &plan->tombstones.items, next) {
		if (tombstone->has_element)
			plan->elements[step->element_count++] = (struct element){
				.cgroup_id = tombstone->cgroup_id,
				.verdict = &plan->verdicts[tombstone->target],
			};
	}
	step->elements = plan->elements;
	compare_levels(plan, step);
	return 0;
}

void plan_commit(struct plan *plan, const struct step *step)
{
	for (size_t i = 0; i < plan->added_count; i++) {
		if (plan->added[i] != NULL)
			decision(plan, plan->added[i])->slot = SLOT_KERNEL;
	}
	plan->added_count = 0;
	plan->removed_count = 0;
	plan->kernel_levels = step->levels;
}

void plan_trim(struct plan *plan)
{
	if (plan->added_count > 0 || plan->removed_count > 0)
		return;
	free(plan->added);
	free(plan->removed);
	free(plan->elements);
	plan->added = NULL;
	plan->removed = NULL;
	plan->elements = NULL;
	plan->added_capacity = 0;
	plan->removed_capacity = 0;
	plan->elements_capacity = 0;
}
