/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/apply.h"

#include "cgroup/tree.h"
#include "engine/compile.h"
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
		engine->room = ruleset_find_set(wanted, MAP_CGROUP)->size;
	return result;
}

/* Brings the whole table in line with the plan, whatever it holds now: its present content is not certain. */
int apply_full(struct engine *engine, struct instance *instance, struct error *error)
{
	struct step step;
	int result = plan_full(&instance->plan, engine->watch.tree.root, &step);

	if (result < 0)
		return error_set(error, result, "no memory for the elements of all cgroups");
	result = replace_with(engine, instance, &step, error);
	if (result < 0)
		return result;
	plan_commit(&instance->plan, &step);
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

static int send_step(struct engine *engine, const struct step *step, struct error *error)
{
	batch_begin(&engine->batch);
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

int apply_delta(struct engine *engine, struct error *error)
{
	struct plan *plan = &engine->instance->plan;
	struct step step;
	int result = 0;

	if (engine->next_retry != UINT64_MAX)
		return engine->next_retry <= clock_now() ? apply_restore(engine, error) : 0;
	if (plan_count_elements(plan) > engine->room) {
		log_info("the cgroup map is full (%zu), restoring the table with a larger one", engine->room);
		return apply_restore(engine, error);
	}
	result = plan_delta(plan, &step);
	if (result < 0)
		error_set(error, result, "no memory for the elements of new cgroups");
	else if (step.element_count > 0 || step.removed_count > 0 || step.levels_changed)
		result = send_step(engine, &step, error);
	if (result < 0) {
		log_warning("%s; restoring the table", error->text);
		return apply_restore(engine, error);
	}
	plan_commit(plan, &step);
	give_back_memory(engine);
	return 0;
}
