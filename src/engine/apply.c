/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/apply.h"

#include "cgroup/tree.h"
#include "engine/compile.h"
#include "engine/container_chains.h"
#include "engine/names.h"
#include "engine/preparation.h"
#include "engine/state.h"
#include "engine/steering.h"
#include "nft/replace.h"
#include "nft/table.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#include <errno.h>
#include <malloc.h>

/* After a failed transaction the table is restored; if that fails too, it is retried after this long. */
#define RETRY_INTERVAL USEC_PER_SEC

enum {
	CROWD = 1024, /* the least number of cgroups whose memory is worth returning */
};

/* The deepest level at which cgroups have an element or may get one; removed ones may have been deeper. */
static uint32_t deepest_level(const struct engine *engine, const struct step *step)
{
	const uint32_t existing = cgroup_tree_deepest_level(&engine->watch.tree);
	const uint32_t with_element = level_set_deepest(&step->levels);

	return existing > with_element ? existing : with_element;
}

static void note_rooms(struct engine *engine, const struct ruleset *table)
{
	engine->room = ruleset_find_set(table, MAP_CGROUP)->size;
	for (enum container_set set = 0; set < CONTAINER_SETS; set++) {
		const struct set *held = ruleset_find_set(table, container_set_name(set));

		engine->container_rooms[set] = held != NULL ? held->size : 0;
	}
}

static int replace_with(struct engine *engine, struct instance *instance, const struct step *step, struct error *error)
{
	CLEANUP(ruleset_freep) struct ruleset *wanted = instance_ruleset(instance, step);
	struct transition transition = {&engine->nft, &instance->steering, deepest_level(engine, step)};
	const struct preparation preparation = {transition_write, &transition};
	int result = 0;

	if (wanted == NULL)
		return error_set(error, -ENOMEM, "no memory for the table of all cgroups");
	result = nft_replace(&engine->nft, wanted, &preparation, error);
	if (result == 0)
		note_rooms(engine, wanted);
	return result;
}

static struct container *next_change(const struct engine *engine)
{
	return engine->containers != NULL ? containers_take_changed(engine->containers) : NULL;
}

/* Plans what has changed of containers. Returns 0 or -ENOMEM. */
static int take_in_containers(struct engine *engine)
{
	struct instance *instance = engine->instance;
	struct container_plan *plan = &instance->container_plan;
	bool has_changed =
		engine->containers != NULL && plan->adopted.count > 0 && containers_are_settled(engine->containers);
	int result = 0;

	for (const struct container *container = NULL; result == 0 && (container = next_change(engine)) != NULL;) {
		result = container_plan_take(plan, container, &instance->plan);
		has_changed = true;
	}
	return result == 0 && has_changed ? container_plan_finish(plan, engine->containers) : result;
}

/* Plans all of them anew. Returns 0 or -ENOMEM. */
static int take_in_all_containers(struct engine *engine, struct instance *instance)
{
	while (next_change(engine) != NULL)
		;
	return container_plan_make(&instance->container_plan, instance->config->containers ? engine->containers : NULL,
				   &instance->plan);
}

/* Brings the whole table in line with the plan, whatever it holds now: its present content is not certain. */
int apply_full(struct engine *engine, struct instance *instance, struct error *error)
{
	struct step step;
	int result = plan_full(&instance->plan, engine->watch.tree.root, &step);

	if (result == 0)
		result = take_in_all_containers(engine, instance);
	if (result < 0)
		return error_set(error, result, "no memory for the elements of all cgroups and containers");
	result = replace_with(engine, instance, &step, error);
	if (result < 0)
		return result;
	plan_commit(&instance->plan, &step);
	container_plan_commit(&instance->container_plan);
	/* a large table was briefly in memory as a whole, in pieces that free() keeps */
	if (step.element_count >= CROWD)
		malloc_trim(0);
	log_info("table inet %s: %zu cgroups below %s, %zu verdicts that differ from the parent's", TABLE_NAME,
		 engine->watch.tree.count, engine->mount, step.element_count);
	return 0;
}

static void put_lookups(struct batch *batch, const struct steering *steering, const struct level_set *levels)
{
	CLEANUP(ruleset_freep) struct ruleset *lookups = ruleset_new();

	if (lookups == NULL || compile_lookups(lookups, steering, levels) < 0) {
		batch->failed = true;
		return;
	}
	for (size_t i = 0; i < lookups->chain_count; i++)
		table_replace_rules(batch, lookups->table, &lookups->chains[i]);
}

static int send_step(struct engine *engine, const struct step *step, const struct container_step *containers,
		     struct error *error)
{
	const struct config *config = engine->instance->config;

	batch_begin(&engine->batch);
	container_delete_elements(&engine->batch, config, &containers->removed);
	container_put_elements(&engine->batch, config, &containers->added);
	steering_delete_elements(&engine->batch, step->removed, step->removed_count);
	steering_put_elements(&engine->batch, step->elements, step->element_count);
	if (step->levels_changed)
		put_lookups(&engine->batch, &engine->instance->steering, &step->levels);
	batch_end(&engine->batch);
	return nft_send(&engine->nft, &engine->batch, error);
}

void apply_remove_leftovers(struct engine *engine)
{
	const struct routing routing = instance_routing(engine->instance, true);
	struct error error;

	engine->has_leftovers = routes_remove_others(&engine->routes.rtnetlink, &routing, &error) < 0;
	if (engine->has_leftovers)
		log_error("%s; retrying when the table is restored", error.text);
}

/*
 * Restores everything while running. A failure is logged and retried, since stopping would let blocked traffic out; it
 * is final only when another process owns the table.
 */
int apply_restore(struct engine *engine, struct error *error)
{
	const struct routing routing = instance_routing(engine->instance, true);
	int result = 0;

	/* a marked packet without a route goes nowhere, so the table need not wait for the routes */
	if (routes_put(&engine->routes, &routing, error) < 0)
		log_error("%s", error->text);
	result = apply_full(engine, engine->instance, error);
	if (result == 0 && engine->has_leftovers)
		apply_remove_leftovers(engine);
	if (result == 0 || result == -EBUSY) {
		engine->next_retry = UINT64_MAX;
		return result;
	}
	if (engine->next_retry == UINT64_MAX)
		log_error("%s; retrying every second", error->text);
	engine->next_retry = clock_now() + RETRY_INTERVAL;
	return 0;
}

/*
 * Returns memory to the kernel after a storm of cgroups; free() does so only at the end of the heap. This walks the
 * whole heap, so it is done only when half of what was kept is gone, and costs little per cgroup.
 */
static void give_back_memory(struct engine *engine)
{
	struct plan *plan = &engine->instance->plan;
	size_t kept = engine->watch.tree.count + plan->tombstones.count;

	if (kept > engine->most_kept)
		engine->most_kept = kept;
	if (engine->most_kept < CROWD || kept > engine->most_kept / 2)
		return;
	plan_trim(plan);
	batch_clear(&engine->batch);
	malloc_trim(0);
	engine->most_kept = kept;
}

static bool has_room(const struct engine *engine)
{
	const struct container_elements *wanted = &engine->instance->container_plan.wanted;
	size_t counts[CONTAINER_SETS] = {0};

	for (size_t i = 0; i < wanted->count; i++) {
		const enum container_set set = wanted->items[i].set;

		if (++counts[set] > engine->container_rooms[set])
			return false;
	}
	return plan_count_elements(&engine->instance->plan) <= engine->room;
}

/* Returns 0 or a negative errno with @error. */
static int send_changes(struct engine *engine, struct error *error)
{
	CLEANUP(container_step_clear) struct container_step containers = {0};
	struct instance *instance = engine->instance;
	struct step step;
	int result = plan_delta(&instance->plan, &step);

	if (result == 0)
		result = container_plan_delta(&instance->container_plan, &containers);
	if (result < 0)
		return error_set(error, result, "no memory for the elements of new cgroups and containers");
	if (step.element_count > 0 || step.removed_count > 0 || step.levels_changed || containers.added.count > 0 ||
	    containers.removed.count > 0)
		result = send_step(engine, &step, &containers, error);
	if (result < 0)
		return result;
	plan_commit(&instance->plan, &step);
	container_plan_commit(&instance->container_plan);
	return 0;
}

int apply_delta(struct engine *engine, struct error *error)
{
	int result = 0;

	if (engine->next_retry != UINT64_MAX)
		return engine->next_retry <= clock_now() ? apply_restore(engine, error) : 0;
	if (take_in_containers(engine) < 0) {
		log_warning("no memory for the elements of new containers; restoring the table");
		return apply_restore(engine, error);
	}
	if (!has_room(engine)) {
		log_info("a map of the table is full, restoring the table with a larger one");
		return apply_restore(engine, error);
	}
	result = send_changes(engine, error);
	if (result < 0) {
		log_warning("%s; restoring the table", error->text);
		return apply_restore(engine, error);
	}
	give_back_memory(engine);
	return 0;
}
