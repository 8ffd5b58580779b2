/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/container_plan.h"

#include "engine/container_chains.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void container_plan_init(struct container_plan *plan, const struct config *config)
{
	*plan = (struct container_plan){.config = config};
}

void container_plan_clear(struct container_plan *plan)
{
	free(plan->targets);
	container_elements_clear(&plan->wanted);
	container_elements_clear(&plan->held);
	container_elements_clear(&plan->adopted);
	*plan = (struct container_plan){0};
}

void container_step_clear(struct container_step *step)
{
	container_elements_clear(&step->added);
	container_elements_clear(&step->removed);
}

static int adopt_set(struct container_plan *plan, const struct dump *held, enum container_set set)
{
	const struct set *left = dump_find_set(held, container_set_name(set));
	int error = 0;

	if (left == NULL || left->type != container_set_type(set))
		return 0;
	for (size_t i = 0; i < left->count && error == 0; i++) {
		struct container_element element = {.set = set, .target = TARGET_NONE};

		memcpy(element.key, left->elements[i].key, sizeof(element.key));
		if (left->elements[i].verdict != NULL)
			element.target = container_target_of(plan->config, left->elements[i].verdict);
		error = container_elements_put(&plan->adopted, &element);
	}
	return error;
}

int container_plan_adopt(struct container_plan *plan, const struct dump *held)
{
	int error = 0;

	for (enum container_set set = 0; set < CONTAINER_SETS && error == 0; set++)
		error = adopt_set(plan, held, set);
	container_elements_sort(&plan->adopted);
	return error;
}

/* The target of that name. */
static uint32_t translate(const struct config *to, const struct config *from, uint32_t target)
{
	if (target < TARGET_FIRST_PROXY || target >= TARGET_NO_RULE)
		return target;
	for (size_t i = 0; i < to->proxy_count; i++) {
		if (strcmp(to->proxies[i].name, from->proxies[target - TARGET_FIRST_PROXY].name) == 0)
			return (uint32_t)(TARGET_FIRST_PROXY + i);
	}
	return TARGET_DROP;
}

int container_plan_follow(struct container_plan *plan, const struct container_plan *last)
{
	plan->targets = calloc(last->target_count + 1, sizeof(*plan->targets));
	if (plan->targets == NULL || container_elements_copy(&plan->adopted, &last->adopted) < 0)
		return -ENOMEM;
	plan->target_count = last->target_count;
	for (size_t i = 0; i < last->target_count; i++)
		plan->targets[i] = (struct container_target){
			.number = last->targets[i].number,
			.target = translate(plan->config, last->config, last->targets[i].target),
		};
	for (size_t i = 0; i < plan->adopted.count; i++)
		plan->adopted.items[i].target = translate(plan->config, last->config, plan->adopted.items[i].target);
	return 0;
}

/* For a container whose cgroups are not known: what the last run left for it. */
static uint32_t find_adopted(const struct container_plan *plan, const struct container *container)
{
	CLEANUP(container_elements_clear) struct container_elements elements = {0};
	uint32_t target = TARGET_NONE;

	if (plan->adopted.count == 0 || container_elements_add(&elements, container, TARGET_NONE) < 0)
		return TARGET_NONE;
	for (size_t i = 0; i < elements.count; i++) {
		const struct container_element *left = container_elements_find(&plan->adopted, &elements.items[i]);

		if (left != NULL && left->target != TARGET_BY_SOURCE)
			target = container_stricter(target, left->target);
	}
	return target;
}

static uint32_t target_of_cgroup(const struct plan *cgroups, const struct cgroup *cgroup)
{
	return plan_rule(cgroups, cgroup) == NO_RULE ? TARGET_NO_RULE : plan_target(cgroups, cgroup);
}

const char *container_target_word(const struct config *config, uint32_t target)
{
	return config_target_name(config, target < TARGET_NO_RULE ? target : TARGET_DIRECT);
}

/* What no rule is for goes direct like what one says so about, unless the gateway has a rule for it. */
static bool differs(uint32_t one, uint32_t other)
{
	return (one == TARGET_NO_RULE ? TARGET_DIRECT : one) != (other == TARGET_NO_RULE ? TARGET_DIRECT : other);
}

bool container_is_mixed(const struct container *container, const struct plan *cgroups,
			struct container_mixture *mixture)
{
	*mixture = (struct container_mixture){.target = TARGET_NONE};
	for (size_t i = 0; i < container->cgroup_count; i++) {
		const uint32_t target = target_of_cgroup(cgroups, container->cgroups[i]);

		if (container_stricter(mixture->target, target) == mixture->target)
			continue;
		mixture->target = target;
		mixture->strict = container->cgroups[i];
	}
	for (size_t i = 0; i < container->cgroup_count && mixture->other == NULL; i++) {
		mixture->other_target = target_of_cgroup(cgroups, container->cgroups[i]);
		if (differs(mixture->other_target, mixture->target))
			mixture->other = container->cgroups[i];
	}
	return mixture->other != NULL;
}

static void warn_of_mixture(const struct container_plan *plan, const struct container *container,
			    const struct container_mixture *mixture)
{
	const char *target = container_target_word(plan->config, mixture->target);
	char path[CGROUP_PATH_SIZE];
	char shown[ESCAPED_SIZE(CGROUP_PATH_SIZE)];

	escape_but_backslash(shown, sizeof(shown), path, cgroup_path(mixture->other, path));
	log_warning("the container with link-netnsid %" PRId32 " has programs with different targets, %s for %s and "
		    "%s for others: the stricter one, %s, counts for all that it sends",
		    container->netns, container_target_word(plan->config, mixture->other_target), shown, target,
		    target);
}

/* Derives a container's target, the most restrictive of its cgroups'. */
static void decide(const struct container_plan *plan, const struct container *container, const struct plan *cgroups,
		   struct container_target *decided)
{
	struct container_mixture mixture;
	const bool is_mixed = container_is_mixed(container, cgroups, &mixture);
	uint32_t target = mixture.target;

	if (target == TARGET_NONE && decided->target == TARGET_NONE)
		target = find_adopted(plan, container);
	if (target != TARGET_NONE && target != decided->target) {
		decided->target = target;
		log_debug("the container with link-netnsid %" PRId32 ": %s%s", container->netns,
			  container_target_word(plan->config, target),
			  target == TARGET_NO_RULE ? ", unless the gateway has a rule for it" : "");
	}
	if (is_mixed && !decided->is_mixed)
		warn_of_mixture(plan, container, &mixture);
	if (container->cgroup_count > 0)
		decided->is_mixed = is_mixed;
}

/* Returns what is remembered of a container, looking from a place on, since both are sorted. */
static struct container_target recall(const struct container_plan *plan, const struct container *container, size_t *at)
{
	while (*at < plan->target_count && plan->targets[*at].number < container->number)
		(*at)++;
	if (*at < plan->target_count && plan->targets[*at].number == container->number)
		return plan->targets[*at];
	return (struct container_target){.number = container->number, .target = TARGET_NONE};
}

static size_t count_containers(const struct containers *containers)
{
	size_t count = 0;

	for (const struct container *container = NULL; (container = containers_next(containers, container)) != NULL;)
		count++;
	return count;
}

static int derive(struct container_plan *plan, const struct containers *containers, const struct plan *cgroups,
		  struct container_elements *elements)
{
	struct container_target *targets = calloc(count_containers(containers) + 1, sizeof(*targets));
	size_t count = 0;
	size_t at = 0;
	int error = targets != NULL ? 0 : -ENOMEM;

	for (const struct container *container = NULL;
	     error == 0 && (container = containers_next(containers, container)) != NULL; count++) {
		targets[count] = recall(plan, container, &at);
		decide(plan, container, cgroups, &targets[count]);
		if (targets[count].target != TARGET_NONE)
			error = container_elements_add(elements, container, targets[count].target);
	}
	if (error < 0) {
		free(targets);
		return error;
	}
	free(plan->targets);
	plan->targets = targets;
	plan->target_count = count;
	return 0;
}

/* Until all containers are known, what the last run left may be for one that is not. */
static int add_adopted(struct container_plan *plan, const struct containers *containers,
		       struct container_elements *elements)
{
	const size_t derived = elements->count;

	if (plan->adopted.count > 0 && containers_are_settled(containers))
		container_elements_clear(&plan->adopted);
	for (size_t i = 0; i < plan->adopted.count; i++) {
		const struct container_element *left = &plan->adopted.items[i];
		const struct container_elements first = {elements->items, derived, 0};

		if (container_elements_find(&first, left) == NULL && container_elements_put(elements, left) < 0)
			return -ENOMEM;
	}
	container_elements_sort(elements);
	return 0;
}

int container_plan_make(struct container_plan *plan, const struct containers *containers, const struct plan *cgroups)
{
	struct container_elements elements = {0};
	int error = 0;

	if (containers != NULL)
		error = derive(plan, containers, cgroups, &elements);
	container_elements_sort(&elements);
	if (error == 0 && containers != NULL)
		error = add_adopted(plan, containers, &elements);
	if (error < 0) {
		container_elements_clear(&elements);
		return error;
	}
	container_elements_clear(&plan->wanted);
	plan->wanted = elements;
	plan->is_made = true;
	return 0;
}

int container_plan_delta(const struct container_plan *plan, struct container_step *step)
{
	const struct container_elements *held = &plan->held;
	const struct container_elements *wanted = &plan->wanted;
	size_t at = 0;
	size_t next = 0;
	int error = 0;

	if (!plan->is_made)
		return 0;
	while ((at < held->count || next < wanted->count) && error == 0) {
		int order = 0;

		if (at == held->count || next == wanted->count)
			order = at == held->count ? 1 : -1;
		else
			order = container_element_compare(&held->items[at], &wanted->items[next]);
		if (order == 0 && held->items[at].target == wanted->items[next].target) {
			at++;
			next++;
			continue;
		}
		if (order <= 0)
			error = container_elements_put(&step->removed, &held->items[at++]);
		if (order >= 0 && error == 0)
			error = container_elements_put(&step->added, &wanted->items[next++]);
	}
	return error;
}

void container_plan_commit(struct container_plan *plan)
{
	if (!plan->is_made)
		return;
	container_elements_clear(&plan->held);
	plan->held = plan->wanted;
	plan->wanted = (struct container_elements){0};
	plan->is_made = false;
}
