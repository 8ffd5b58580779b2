/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/plan.h"

#include "engine/compile.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What cgroup.slot says when it is no index of plan.added. */
enum {
	SLOT_NONE = UINT32_MAX,	      /* no element */
	SLOT_KERNEL = UINT32_MAX - 1, /* the kernel has its element */
};

int plan_init(struct plan *plan, const struct config *config, struct policy *policy)
{
	size_t targets = TARGET_FIRST_PROXY + config->proxy_count;

	*plan = (struct plan){.config = config, .policy = policy};
	STAILQ_INIT(&plan->departed.items);
	plan->verdicts = calloc(targets, sizeof(*plan->verdicts));
	if (plan->verdicts == NULL)
		return -ENOMEM;
	for (uint32_t target = 0; target < targets; target++)
		plan->verdicts[target] = compile_verdict(config, target);
	return 0;
}

void plan_clear(struct plan *plan)
{
	departed_clear(&plan->departed);
	free(plan->verdicts);
	free(plan->added);
	free(plan->removed);
	free(plan->elements);
	*plan = (struct plan){0};
}

static int32_t rule_in_force(const struct cgroup *cgroup)
{
	return cgroup->parent != NULL ? cgroup->rule : NO_RULE;
}

uint32_t plan_target(const struct plan *plan, const struct cgroup *cgroup)
{
	int32_t rule = rule_in_force(cgroup);

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

static void log_decision(const struct plan *plan, const struct cgroup *cgroup, size_t length, bool inherited)
{
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));
	const char *target = config_target_name(plan->config, plan_target(plan, cgroup));
	int32_t rule = rule_in_force(cgroup);
	char number[16] = "none";
	const struct log_fields fields = {.cgroup = plan->path, .rule = number, .target = target};

	if (shown == NULL)
		return;
	if (rule != NO_RULE)
		snprintf(number, sizeof(number), "%" PRId32, rule + 1);
	escape(shown, ESCAPED_SIZE(length), plan->path, length);
	if (rule == NO_RULE)
		log_about(LOG_DEBUG, &fields, "%s: %s, since no rule matches", shown, target);
	else
		log_about(LOG_DEBUG, &fields, "%s: %s, by rule %s (line %d)%s", shown, target, number,
			  plan->config->rules[rule].position.line, inherited ? ", inherited" : "");
}

int plan_appeared(struct plan *plan, struct cgroup *cgroup)
{
	size_t length = cgroup_path(cgroup, plan->path);
	int32_t rule = policy_match(plan->policy, plan->path, length);
	struct cgroup **added = NULL;

	cgroup->rule = rule >= 0 ? rule : rule_in_force(cgroup->parent);
	cgroup->slot = SLOT_NONE;
	if (rule == RULE_UNKNOWN)
		return -ENOMEM;
	if (log_shows(LOG_DEBUG))
		log_decision(plan, cgroup, length, rule == NO_RULE);
	if (!plan_has_element(plan, cgroup))
		return 0;
	added = array_reserve(plan->added, &plan->added_capacity, plan->added_count + 1, sizeof(struct cgroup *));
	if (added == NULL)
		return -ENOMEM;
	plan->added = added;
	cgroup->slot = (uint32_t)plan->added_count;
	added[plan->added_count++] = cgroup;
	plan->level_elements[cgroup->level]++;
	return 0;
}

static int plan_removal(struct plan *plan, uint64_t cgroup_id, uint32_t level, uint32_t target)
{
	struct element *removed =
		array_reserve(plan->removed, &plan->removed_capacity, plan->removed_count + 1, sizeof(*removed));

	plan->level_elements[level]--;
	if (removed == NULL)
		return -ENOMEM;
	plan->removed = removed;
	removed[plan->removed_count++] = (struct element){cgroup_id, &plan->verdicts[target]};
	return 0;
}

void plan_vanished(struct plan *plan, const struct cgroup *cgroup, uint64_t now)
{
	if (cgroup->slot == SLOT_NONE)
		return;
	if (cgroup->slot != SLOT_KERNEL) {
		/* it came and went between two steps: the kernel never hears of it */
		plan->added[cgroup->slot] = NULL;
		plan->level_elements[cgroup->level]--;
		return;
	}
	if (departed_add(&plan->departed, cgroup->id, cgroup->level, plan_target(plan, cgroup), now + DEPARTED_GRACE))
		return;
	log_warning("no memory to keep the verdict of a removed cgroup for its last packets");
	if (plan_removal(plan, cgroup->id, cgroup->level, plan_target(plan, cgroup)) < 0)
		log_warning("no memory to remove the verdict of a removed cgroup; it stays, which does no harm");
}

int plan_decide_all(struct plan *plan, struct cgroup *root)
{
	const struct departed *departed = NULL;
	int error = 0;

	/* what another plan noted must not be taken for this one's, also when this ends early */
	for (struct cgroup *cgroup = cgroup_next(root); cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		cgroup->rule = NO_RULE;
		cgroup->slot = SLOT_NONE;
	}
	plan->added_count = 0;
	memset(plan->level_elements, 0, sizeof(plan->level_elements));
	STAILQ_FOREACH (departed, &plan->departed.items, next)
		plan->level_elements[departed->level]++;
	/* also after a failure, so that no cgroup keeps the slot that it had in another plan */
	for (struct cgroup *cgroup = cgroup_next(root); cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		if (plan_appeared(plan, cgroup) < 0)
			error = -ENOMEM;
	}
	return error;
}

/* What a target of one config is in another: a proxy is known by its name. False when there is none of that name. */
static bool find_target(const struct config *config, const struct config *other, uint32_t others, uint32_t *target)
{
	*target = others;
	if (others < TARGET_FIRST_PROXY)
		return true;
	for (*target = TARGET_FIRST_PROXY; *target < TARGET_FIRST_PROXY + config->proxy_count; (*target)++) {
		if (strcmp(config_target_name(config, *target), config_target_name(other, others)) == 0)
			return true;
	}
	return false;
}

void plan_take_departed(struct plan *plan, struct plan *other)
{
	struct departed *departed = NULL;

	while ((departed = departed_take_expired(&other->departed, UINT64_MAX)) != NULL) {
		uint32_t target = TARGET_DIRECT;

		if (find_target(plan->config, other->config, departed->target, &target))
			departed_add(&plan->departed, departed->cgroup_id, departed->level, target, departed->expires);
		free(departed);
	}
}

static int reserve_elements(struct plan *plan, size_t count)
{
	struct element *elements = array_reserve(plan->elements, &plan->elements_capacity, count, sizeof(*elements));

	if (elements == NULL && count > 0)
		return -ENOMEM;
	plan->elements = elements;
	return 0;
}

static void compare_levels(const struct plan *plan, struct step *step)
{
	for (size_t level = 0; level <= CGROUP_LEVEL_MAX; level++) {
		step->levels.has[level] = plan->level_elements[level] > 0;
		step->levels_changed |= step->levels.has[level] != plan->kernel_levels.has[level];
	}
}

static int remove_expired(struct plan *plan, uint64_t now)
{
	struct departed *expired = NULL;
	int error = 0;

	while (error == 0 && (expired = departed_take_expired(&plan->departed, now)) != NULL) {
		error = plan_removal(plan, expired->cgroup_id, expired->level, expired->target);
		free(expired);
	}
	return error;
}

int plan_changes(struct plan *plan, uint64_t now, struct step *step)
{
	int error = remove_expired(plan, now);

	*step = (struct step){0};
	if (error == 0)
		error = reserve_elements(plan, plan->added_count);
	if (error < 0)
		return error;
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

int plan_everything(struct plan *plan, const struct cgroup *root, struct step *step)
{
	const struct departed *departed = NULL;

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
	STAILQ_FOREACH (departed, &plan->departed.items, next)
		plan->elements[step->element_count++] = (struct element){
			.cgroup_id = departed->cgroup_id,
			.verdict = &plan->verdicts[departed->target],
		};
	step->elements = plan->elements;
	compare_levels(plan, step);
	return 0;
}

void plan_done(struct plan *plan, const struct step *step)
{
	for (size_t i = 0; i < plan->added_count; i++) {
		if (plan->added[i] != NULL)
			plan->added[i]->slot = SLOT_KERNEL;
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
