/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/container_plan.h"

#include "engine/container_chains.h"
#include "util/array.h"
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
	claims_clear(&plan->claims);
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
	plan->target_capacity = last->target_count + 1;
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

static void log_decision(const struct container_plan *plan, int32_t netns, uint32_t target)
{
	if (target == TARGET_NO_RULE)
		log_debug("the container with link-netnsid %" PRId32 ": no rule is for it but the gateway's", netns);
	else
		log_debug("the container with link-netnsid %" PRId32 ": %s", netns,
			  container_target_word(plan->config, target));
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
		log_decision(plan, container->netns, target);
	}
	/* once, since whoever moves processes could have it logged again and again */
	if (is_mixed && !decided->is_mixed)
		warn_of_mixture(plan, container, &mixture);
	decided->is_mixed = decided->is_mixed || is_mixed;
}

static int compare_numbers(const void *left, const void *right)
{
	const uint64_t a = ((const struct container_target *)left)->number;
	const uint64_t b = ((const struct container_target *)right)->number;

	return (a > b) - (a < b);
}

static struct container_target *recall(const struct container_plan *plan, uint64_t number)
{
	const struct container_target key = {.number = number};

	if (plan->target_count == 0)
		return NULL;
	return bsearch(&key, plan->targets, plan->target_count, sizeof(key), compare_numbers);
}

/* Returns what is remembered of a container, or a new entry. */
static struct container_target *need_target(struct container_plan *plan, const struct container *container)
{
	struct container_target *target = recall(plan, container->number);
	size_t at = plan->target_count;

	if (target != NULL)
		return target;
	target = array_reserve(plan->targets, &plan->target_capacity, plan->target_count + 1, sizeof(*target));
	if (target == NULL)
		return NULL;
	plan->targets = target;
	for (; at > 0 && plan->targets[at - 1].number > container->number; at--)
		plan->targets[at] = plan->targets[at - 1];
	plan->target_count++;
	plan->targets[at] = (struct container_target){.number = container->number, .target = TARGET_NONE};
	return &plan->targets[at];
}

static void forget(struct container_plan *plan, uint64_t number)
{
	struct container_target *target = recall(plan, number);

	if (target == NULL)
		return;
	memmove(target, target + 1, (size_t)(plan->targets + plan->target_count - (target + 1)) * sizeof(*target));
	plan->target_count--;
}

/* Finds the elements that a container should have. Returns 0 or -ENOMEM. */
static int derive(struct container_plan *plan, const struct container *container, const struct plan *cgroups,
		  struct container_elements *elements)
{
	struct container_target *target = need_target(plan, container);

	if (target == NULL)
		return -ENOMEM;
	target->is_there = true;
	decide(plan, container, cgroups, target);
	return target->target != TARGET_NONE ? container_elements_add(elements, container, target->target) : 0;
}

int container_plan_take(struct container_plan *plan, const struct container *container, const struct plan *cgroups)
{
	CLEANUP(container_elements_clear) struct container_elements elements = {0};
	int error = container->is_gone ? 0 : derive(plan, container, cgroups, &elements);

	if (container->is_gone)
		forget(plan, container->number);
	return error == 0 ? claims_replace(&plan->claims, container->number, &elements) : error;
}

static int take_all(struct container_plan *plan, const struct containers *containers, const struct plan *cgroups)
{
	size_t there = 0;
	int error = 0;

	plan->claims.count = 0;
	for (size_t i = 0; i < plan->target_count; i++)
		plan->targets[i].is_there = false;
	for (const struct container *container = NULL;
	     error == 0 && containers != NULL && (container = containers_next(containers, container)) != NULL;) {
		CLEANUP(container_elements_clear) struct container_elements elements = {0};

		error = derive(plan, container, cgroups, &elements);
		if (error == 0)
			error = claims_add(&plan->claims, container->number, &elements);
	}
	for (size_t i = 0; i < plan->target_count && error == 0; i++) {
		if (plan->targets[i].is_there)
			plan->targets[there++] = plan->targets[i];
	}
	plan->target_count = error == 0 ? there : plan->target_count;
	claims_sort(&plan->claims);
	return error;
}

/* Until all containers are known, what the last run left may be for one that is not. */
static int add_adopted(const struct container_plan *plan, struct container_elements *elements)
{
	const size_t count = elements->count;

	for (size_t i = 0; i < plan->adopted.count; i++) {
		const struct container_element *left = &plan->adopted.items[i];
		const struct container_elements own = {elements->items, count, 0};

		if (container_elements_find(&own, left) == NULL && container_elements_put(elements, left) < 0)
			return -ENOMEM;
	}
	if (elements->count > count)
		container_elements_sort(elements);
	return 0;
}

int container_plan_finish(struct container_plan *plan, const struct containers *containers)
{
	struct container_elements elements = {0};
	int error = claims_settle(&plan->claims, &elements);

	if (plan->adopted.count > 0 && (containers == NULL || containers_are_settled(containers)))
		container_elements_clear(&plan->adopted);
	if (error == 0)
		error = add_adopted(plan, &elements);
	if (error < 0) {
		container_elements_clear(&elements);
		return error;
	}
	container_elements_clear(&plan->wanted);
	plan->wanted = elements;
	plan->is_made = true;
	return 0;
}

int container_plan_make(struct container_plan *plan, const struct containers *containers, const struct plan *cgroups)
{
	int error = take_all(plan, containers, cgroups);

	return error == 0 ? container_plan_finish(plan, containers) : error;
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
