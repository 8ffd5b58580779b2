/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/engine.h"

#include "cgroup/mount.h"
#include "cgroup/watch.h"
#include "engine/census.h"
#include "engine/compile.h"
#include "engine/fence.h"
#include "engine/instance.h"
#include "engine/levels.h"
#include "engine/names.h"
#include "engine/preparation.h"
#include "engine/routes.h"
#include "engine/takeover.h"
#include "inspect/lookout.h"
#include "inspect/proxy_loop.h"
#include "inspect/render.h"
#include "nft/monitor.h"
#include "nft/nft.h"
#include "nft/replace.h"
#include "nft/table.h"
#include "route/route.h"
#include "util/cleanup.h"
#include "util/grace.h"
#include "util/log.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

/* Cgroups that can't be watched are looked at this long after the last look, and never more than a tenth of the time.
 */
#define LOOK_INTERVAL USEC_PER_SEC
#define LOOK_COST_FACTOR 9

/* After a transaction that failed, the table is made anew; when that fails too, it is tried again after this long. */
#define RETRY_INTERVAL USEC_PER_SEC

enum {
	CATCH_UP_MAX = 100,
	CROWD = 1024, /* the least number of cgroups whose memory is worth giving back */
};

DEFINE_CLEANUP(struct instance *, instance_free)

struct engine {
	struct instance *instance;
	struct watch watch;
	struct census census;
	struct nft nft;
	struct nft_monitor nft_monitor;
	struct routes routes;
	struct batch batch;
	struct fence fence;
	struct lookout lookout;
	char *mount;
	size_t room;	     /* for elements in the kernel's cgroup map */
	size_t most_kept;    /* cgroups and departed elements, since memory was given back last */
	uint64_t next_look;  /* at cgroups without a watch; usec of CLOCK_MONOTONIC */
	uint64_t next_retry; /* likewise; UINT64_MAX: the table holds what it should */
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_nsec / 1000;
}

static int on_appeared(struct cgroup *cgroup, void *userdata)
{
	struct engine *engine = userdata;

	return plan_appeared(&engine->instance->plan, cgroup);
}

static void on_vanished(struct cgroup *cgroup, void *userdata)
{
	struct engine *engine = userdata;

	plan_vanished(&engine->instance->plan, cgroup, now());
}

struct engine *engine_new(struct config *config, struct error *error)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL) {
		config_free(config);
		error_set(error, -ENOMEM, "no memory to start watching the cgroups");
		return NULL;
	}
	engine->watch.inotify = -1;
	engine->watch.root = -1;
	engine->census.sockets.poll = -1;
	engine->next_retry = UINT64_MAX;
	engine->next_look = UINT64_MAX;
	engine->fence.next = UINT64_MAX;
	lookout_init(&engine->lookout);
	engine->instance = instance_new(config);
	if (engine->instance == NULL) {
		error_set(error, -ENOMEM, "no memory for the rules of the config");
		engine_free(engine);
		return NULL;
	}
	return engine;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	routes_close(&engine->routes);
	lookout_close(&engine->lookout);
	nft_monitor_close(&engine->nft_monitor);
	nft_close(&engine->nft);
	census_close(&engine->census);
	watch_close(&engine->watch);
	batch_clear(&engine->batch);
	instance_free(engine->instance);
	free(engine->mount);
	free(engine);
}

/* Sets when to look at cgroups that have no watch, after a look that began at @begin. */
static void schedule_look(struct engine *engine, uint64_t begin, bool more)
{
	uint64_t end = now();

	engine->next_look = UINT64_MAX;
	if (engine->watch.unwatched > 0)
		engine->next_look = end + LOOK_COST_FACTOR * (end - begin) + (more ? 0 : LOOK_INTERVAL);
}

int engine_observe(struct engine *engine, struct error *error)
{
	const struct watch_listener listener = {on_appeared, on_vanished, engine};
	uint32_t depth = CGROUP_DEPTH_MAX;
	int result = cgroup_mount_find(engine->instance->config->cgroup_root, &engine->mount, error);

	if (result == 0)
		result = levels_find(engine->mount, &depth, error);
	if (result == 0)
		result = watch_open(&engine->watch, engine->mount, depth, &listener, error);
	/* once more what could not be looked at, before anybody relies on it */
	if (result == 0 && watch_walk(&engine->watch, error) < 0)
		result = watch_walk(&engine->watch, error);
	schedule_look(engine, now(), false);
	return result;
}

/* The deepest level at which cgroups have an element or may get one; those that are gone may have been deeper. */
static uint32_t deepest_level(const struct engine *engine, const struct step *step)
{
	uint32_t deepest = cgroup_tree_deepest_level(&engine->watch.tree);

	for (uint32_t level = deepest; level <= CGROUP_LEVEL_MAX; level++) {
		if (step->levels.has[level])
			deepest = level;
	}
	return deepest;
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

/*
 * Makes the whole table hold what it should, whatever it holds now. What leads here is always that nothing else is
 * certain.
 */
static int replace_table(struct engine *engine, struct instance *instance, struct error *error)
{
	struct step step;
	int result = plan_full(&instance->plan, engine->watch.tree.root, &step);

	if (result < 0)
		return error_set(error, result, "no memory for the elements of all cgroups");
	result = replace_with(engine, instance, &step, error);
	if (result < 0)
		return result;
	plan_commit(&instance->plan, &step);
	log_info("table inet " TABLE_NAME ": %zu cgroups below %s, %zu verdicts that differ from the parent's",
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
	for (size_t i = 0; i < lookups->chain_count; i++) {
		table_delete_rules(batch, lookups->table, lookups->chains[i].name);
		table_put_rules(batch, lookups->table, &lookups->chains[i]);
	}
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

/*
 * Makes everything anew while running. A failure is told and tried again, since to stop would open what was closed;
 * but not when somebody else has the table.
 */
static int heal(struct engine *engine, struct error *error)
{
	const struct routing routing = instance_routing(engine->instance, true);
	int result = 0;

	/* a marked packet without a way goes nowhere, so the table does not wait for it */
	if (routes_put(&engine->routes, &routing, error) < 0)
		log_error("%s", error->text);
	result = replace_table(engine, engine->instance, error);
	if (result == 0 || result == -EBUSY) {
		engine->next_retry = UINT64_MAX;
		return result;
	}
	if (engine->next_retry == UINT64_MAX)
		log_error("%s; this is tried again every second", error->text);
	engine->next_retry = now() + RETRY_INTERVAL;
	return 0;
}

/*
 * Gives back the memory of a storm that is over. free() does so only where the heap ends. It takes a look at the whole
 * heap, which is taken each time that half of what was kept is gone, so that it adds little to the work for each.
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

static int advance(struct engine *engine, struct error *error)
{
	struct plan *plan = &engine->instance->plan;
	struct step step;
	int result = 0;

	if (engine->next_retry != UINT64_MAX)
		return engine->next_retry <= now() ? heal(engine, error) : 0;
	if (plan_count_elements(plan) > engine->room) {
		log_info("the map of cgroups is full with %zu, so the table is made anew with a larger one",
			 engine->room);
		return heal(engine, error);
	}
	result = plan_delta(plan, &step);
	if (result < 0)
		error_set(error, result, "no memory for the elements of new cgroups");
	else if (step.element_count > 0 || step.removed_count > 0 || step.levels_changed)
		result = send_step(engine, &step, error);
	if (result < 0) {
		log_warning("%s; the whole table is made anew", error->text);
		return heal(engine, error);
	}
	plan_commit(plan, &step);
	give_back_memory(engine);
	return 0;
}

static int handle_cgroup_events(struct engine *engine, struct error *error)
{
	int events = watch_read(&engine->watch, error);
	int result = 0;

	if (events < 0)
		return events;
	if (engine->watch.unwatched > 0 && engine->next_look == UINT64_MAX)
		schedule_look(engine, now(), false);
	result = advance(engine, error);
	return result < 0 ? result : events;
}

static int handle_nft_events(struct engine *engine, struct error *error)
{
	struct foreign_change disturbance;

	nft_monitor_read(&engine->nft_monitor, &disturbance);
	if (disturbance.others)
		lookout_disturb(&engine->lookout, now());
	if (!disturbance.happened)
		return 0;
	log_warning("the table inet " TABLE_NAME " was changed by %s; it is made anew", disturbance.by);
	return heal(engine, error);
}

static void handle_route_events(struct engine *engine)
{
	const struct routing routing = instance_routing(engine->instance, true);

	routes_handle_events(&engine->routes, &routing);
}

/* What came while the table was made; not for ever, since somebody may go on making cgroups. */
static int catch_up(struct engine *engine, struct error *error)
{
	int events = 1;

	for (int i = 0; i < CATCH_UP_MAX && events > 0; i++)
		events = handle_cgroup_events(engine, error);
	return events < 0 ? events : 0;
}

static int listen_to_others(struct engine *engine, struct error *error)
{
	int result = census_open(&engine->census, error);

	if (result == 0)
		result = routes_open(&engine->routes, error);
	if (result == 0)
		result = nft_monitor_open(&engine->nft_monitor, engine->nft.port, engine->nft.persistent_owner, error);
	return result;
}

/*
 * Takes away what no rule of the table leads to any more. A packet that met the table as it was before may be marked
 * already and not yet routed, so those first get where they go.
 */
static int remove_other_routes(struct rtnetlink *rtnetlink, const struct routing *routing, struct error *error)
{
	grace_period();
	return route_remove_others(rtnetlink, routing, error);
}

/*
 * Routes come before the table and go after it, so that a mark always leads somewhere. What an earlier run or config
 * left of them goes last: its table was in force until now.
 */
static int put_into_force(struct engine *engine, struct instance *instance, struct error *error)
{
	const struct routing routing = instance_routing(instance, true);
	int result = compile_and_dry_run(&engine->nft, instance->config, error);

	if (result == 0)
		result = routes_claim(&engine->routes, &routing, error);
	if (result == 0)
		result = routes_put(&engine->routes, &routing, error);
	if (result == 0)
		result = replace_table(engine, instance, error);
	return result;
}

int engine_enforce(struct engine *engine, struct error *error)
{
	const struct routing routing = instance_routing(engine->instance, true);
	int result = nft_open(&engine->nft, error);

	if (result == 0)
		result = nft_acquire(&engine->nft, error);
	if (result == 0)
		result = listen_to_others(engine, error);
	if (result == 0)
		result =
			takeover_departed(&engine->nft, &engine->instance->plan, engine->watch.tree.root, now(), error);
	if (result == 0)
		result = put_into_force(engine, engine->instance, error);
	if (result == 0)
		result = catch_up(engine, error);
	if (result == 0)
		result = remove_other_routes(&engine->routes.rtnetlink, &routing, error);
	if (result < 0)
		return result;
	engine_warn_of_loops(engine, false);
	fence_begin(&engine->fence, &engine->nft, now());
	lookout_begin(&engine->lookout, now());
	return 0;
}

static bool same_root(const struct config *one, const struct config *other)
{
	if (one->cgroup_root == NULL || other->cgroup_root == NULL)
		return one->cgroup_root == other->cgroup_root;
	return strcmp(one->cgroup_root, other->cgroup_root) == 0;
}

/*
 * What failed may have changed the kernel all the same: its answer may be what was lost. So the last instance is put
 * there anew, like after any doubt.
 */
static void return_to_last(struct engine *engine)
{
	struct instance *last = engine->instance;
	const struct routing routing = instance_routing(last, true);
	struct error error;
	int result = 0;

	result = heal(engine, &error);
	if (result == 0 && engine->next_retry == UINT64_MAX)
		result = remove_other_routes(&engine->routes.rtnetlink, &routing, &error);
	if (result < 0)
		log_error("%s", error.text);
}

int engine_reload(struct engine *engine, struct config *config, struct error *error)
{
	CLEANUP(instance_freep) struct instance *next = NULL;
	struct instance *last = engine->instance;
	struct routing routing;
	int result = 0;

	if (!same_root(last->config, config)) {
		config_free(config);
		return error_set(error, -EINVAL, "cgroup-root can't be changed by a reload; restart cgtproxy for it");
	}
	next = instance_new(config);
	if (next == NULL)
		return error_set(error, -ENOMEM, "no memory for the rules of the new config");
	if (plan_follow(&next->plan, &last->plan) < 0 || plan_decide_all(&next->plan, engine->watch.tree.root) < 0)
		return error_set(error, -ENOMEM, "no memory for the cgroups under the new config");
	result = put_into_force(engine, next, error);
	if (result < 0) {
		return_to_last(engine);
		return result;
	}
	routing = instance_routing(next, true);
	engine->instance = next;
	engine->next_retry = UINT64_MAX;
	next = last;
	if (remove_other_routes(&engine->routes.rtnetlink, &routing, error) < 0)
		log_error("the new config is in force, but %s", error->text);
	engine_warn_of_loops(engine, false);
	fence_look(&engine->fence, &engine->nft, now());
	lookout_reload(&engine->lookout, now());
	return 0;
}

size_t engine_fds(const struct engine *engine, int *fds)
{
	size_t count = 0;

	fds[count++] = engine->watch.inotify;
	fds[count++] = routes_fd(&engine->routes);
	fds[count++] = census_fd(&engine->census);
	fds[count++] = nft_monitor_fd(&engine->nft_monitor);
	return count;
}

static int handle_census(struct engine *engine, struct error *error)
{
	int result = census_read(&engine->census, &engine->instance->plan, now);

	if (result < 0)
		log_warning("no memory to remove the verdicts of removed cgroups; they stay for now");
	return result != 0 ? advance(engine, error) : 0;
}

int engine_handle_events(struct engine *engine, int fd, struct error *error)
{
	int result = 0;

	if (fd == engine->watch.inotify)
		result = handle_cgroup_events(engine, error);
	else if (fd == routes_fd(&engine->routes))
		handle_route_events(engine);
	else if (fd == census_fd(&engine->census))
		result = handle_census(engine, error);
	else
		result = handle_nft_events(engine, error);
	return result < 0 ? result : 0;
}

uint64_t engine_deadline(const struct engine *engine)
{
	uint64_t deadline = census_deadline(&engine->census, &engine->instance->plan);

	if (engine->next_look < deadline)
		deadline = engine->next_look;
	if (engine->fence.next < deadline)
		deadline = engine->fence.next;
	if (lookout_deadline(&engine->lookout) < deadline)
		deadline = lookout_deadline(&engine->lookout);
	if (routes_deadline(&engine->routes) < deadline)
		deadline = routes_deadline(&engine->routes);
	return engine->next_retry < deadline ? engine->next_retry : deadline;
}

int engine_handle_deadline(struct engine *engine, struct error *error)
{
	const struct routing routing = instance_routing(engine->instance, true);
	uint64_t begin = now();

	if (engine->fence.next <= begin)
		fence_look(&engine->fence, &engine->nft, begin);
	if (engine->next_look <= begin)
		schedule_look(engine, begin, watch_look(&engine->watch, begin));
	if (census_deadline(&engine->census, &engine->instance->plan) <= begin)
		census_begin(&engine->census, &engine->instance->plan, engine->watch.tree.root, begin);
	routes_handle_deadline(&engine->routes, &routing);
	lookout_handle_deadline(&engine->lookout, engine->instance->config, now);
	return advance(engine, error);
}

int engine_clear(struct error *error)
{
	const struct routing nothing = {0};
	struct rtnetlink rtnetlink = {0};
	struct nft nft = {0};
	int result = nft_open(&nft, error);

	if (result == 0)
		result = nft_acquire(&nft, error);
	if (result == 0)
		result = nft_remove_table(&nft, error);
	if (result == 0)
		result = remove_other_routes(&rtnetlink, &nothing, error);
	rtnetlink_close(&rtnetlink);
	nft_close(&nft);
	return result;
}

int engine_stop(struct engine *engine, struct error *error)
{
	const struct routing nothing = instance_routing(engine->instance, false);
	int result = 0;

	fence_look(&engine->fence, &engine->nft, now());
	if (engine->instance->config->on_stop == ON_STOP_KEEP) {
		log_info("on-stop is keep: all verdicts stay in force");
		return 0;
	}
	result = nft_remove_table(&engine->nft, error);
	return result < 0 ? result : remove_other_routes(&engine->routes.rtnetlink, &nothing, error);
}

void engine_warn_of_loops(struct engine *engine, bool absent)
{
	warn_of_loops(engine->instance, engine->watch.tree.root, absent);
}

size_t engine_count_cgroups(const struct engine *engine)
{
	return engine->watch.tree.count;
}

int engine_render(struct engine *engine, FILE *out, struct error *error)
{
	if (render(engine->instance, &engine->watch.tree, engine->mount, out) < 0)
		return error_set(error, -ENOMEM, "no memory to write the ruleset");
	return 0;
}
