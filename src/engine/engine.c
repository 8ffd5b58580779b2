/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/engine.h"

#include "cgroup/mount.h"
#include "engine/apply.h"
#include "engine/compile.h"
#include "engine/events.h"
#include "engine/levels.h"
#include "engine/state.h"
#include "engine/takeover.h"
#include "nft/owner.h"
#include "route/route.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* How long to look for containers before the verdicts of cgroups are put in force without them. */
#define SETTLE_TIME USEC_PER_SEC

static int on_appeared(struct cgroup *cgroup, void *userdata)
{
	struct engine *engine = userdata;

	if (engine->containers != NULL && containers_appeared(engine->containers, cgroup, clock_now()) < 0)
		return -ENOMEM;
	return plan_appeared(&engine->instance->plan, cgroup);
}

static void on_entered(struct cgroup *cgroup, void *userdata)
{
	struct engine *engine = userdata;

	if (engine->containers != NULL)
		containers_entered(engine->containers, cgroup, clock_now());
}

static void on_vanished(struct cgroup *cgroup, void *userdata)
{
	struct engine *engine = userdata;

	if (engine->containers != NULL)
		containers_vanished(engine->containers, cgroup, clock_now());
	plan_vanished(&engine->instance->plan, cgroup, clock_now());
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
	engine->container_poll = -1;
	engine->next_retry = UINT64_MAX;
	engine->next_look = UINT64_MAX;
	engine->fence.next = UINT64_MAX;
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
	nft_monitor_close(&engine->nft_monitor);
	nft_close(&engine->nft);
	census_close(&engine->census);
	containers_free(engine->containers);
	if (engine->container_poll >= 0)
		close(engine->container_poll);
	watch_close(&engine->watch);
	batch_clear(&engine->batch);
	instance_free(engine->instance);
	free(engine->mount);
	free(engine);
}

int engine_observe(struct engine *engine, struct error *error)
{
	const struct config *config = engine->instance->config;
	const struct watch_listener listener = {on_appeared, on_vanished, engine,
						config->containers ? on_entered : NULL};
	uint32_t depth = CGROUP_DEPTH_MAX;
	int result = cgroup_mount_find(config->cgroup_root, &engine->mount, error);

	if (result == 0)
		result = levels_find(engine->mount, &depth, error);
	if (result == 0)
		result = watch_open(&engine->watch, engine->mount, depth, &listener, error);
	/* retry what could not be read, before anything relies on it */
	if (result == 0 && watch_walk(&engine->watch, error) < 0)
		result = watch_walk(&engine->watch, error);
	events_schedule_look(engine, clock_now(), false);
	return result;
}

/*
 * Begins or ceases to look for containers. Watches that are there already don't tell of processes that are moved into
 * their cgroups, which is noticed later then, as in cgroups without a watch.
 *
 * Returns 0 or a negative errno with @error.
 */
static int look_for_containers(struct engine *engine, const struct config *config, struct error *error)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (!config->containers) {
		containers_free(engine->containers);
		engine->containers = NULL;
		engine->watch.listener.entered = NULL;
		return 0;
	}
	if (engine->containers != NULL)
		return 0;
	engine->containers = containers_new(engine->watch.root, engine->watch.tree.root, error);
	if (engine->containers == NULL)
		return -EIO;
	if (epoll_ctl(engine->container_poll, EPOLL_CTL_ADD, containers_fd(engine->containers), &event) < 0) {
		error_set(error, -errno, "can't wait for news of containers: %s", strerror(errno));
		containers_free(engine->containers);
		engine->containers = NULL;
		return -EIO;
	}
	engine->watch.listener.entered = on_entered;
	containers_settle(engine->containers, clock_now() + SETTLE_TIME, clock_now);
	return 0;
}

static int listen_to_others(struct engine *engine, struct error *error)
{
	int result = census_open(&engine->census, error);

	engine->container_poll = epoll_create1(EPOLL_CLOEXEC);
	if (engine->container_poll < 0)
		return error_set(error, -errno, "can't wait for news of containers: %s", strerror(errno));
	if (result == 0)
		result = routes_open(&engine->routes, error);
	if (result == 0 && !engine->nft.persistent_owner)
		result = nft_monitor_open(&engine->nft_monitor, &engine->nft, error);
	return result;
}

/*
 * Routes are added before the table and removed after it, so that a mark always leads somewhere. The caller removes
 * routes left by an earlier run or config: its table was in force until now.
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
		result = apply_full(engine, instance, error);
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
		result = look_for_containers(engine, engine->instance->config, error);
	if (result == 0)
		result = takeover_read(&engine->nft, engine->instance, engine->watch.tree.root, clock_now(), error);
	if (result == 0)
		result = put_into_force(engine, engine->instance, error);
	if (result == 0)
		result = events_catch_up(engine, error);
	if (result == 0)
		result = routes_remove_others(&engine->routes.rtnetlink, &routing, error);
	if (result < 0)
		return result;
	fence_begin(&engine->fence, &engine->nft, clock_now());
	return 0;
}

static bool same_root(const struct config *one, const struct config *other)
{
	if (one->cgroup_root == NULL || other->cgroup_root == NULL)
		return one->cgroup_root == other->cgroup_root;
	return strcmp(one->cgroup_root, other->cgroup_root) == 0;
}

/*
 * A failed step may have changed the kernel all the same, if only the reply was lost. So the last instance is restored,
 * as always when in doubt.
 */
static void return_to_last(struct engine *engine)
{
	struct error error;
	int result = 0;

	engine->has_leftovers = true;
	result = apply_restore(engine, &error);
	if (result < 0) {
		log_error("%s", error.text);
		engine->next_retry = clock_now(); /* the retry's error ends the daemon, as always */
	}
}

int engine_reload(struct engine *engine, struct config *config, struct error *error)
{
	CLEANUP(instance_freep) struct instance *next = NULL;
	struct instance *last = engine->instance;
	int result = 0;

	if (!same_root(last->config, config)) {
		config_free(config);
		return error_set(error, -EINVAL, "a reload can't change cgroup-root; restart cgtproxy");
	}
	next = instance_new(config);
	if (next == NULL)
		return error_set(error, -ENOMEM, "no memory for the rules of the new config");
	if (plan_follow(&next->plan, &last->plan) < 0 || plan_decide_all(&next->plan, engine->watch.tree.root) < 0)
		return error_set(error, -ENOMEM, "no memory for the cgroups under the new config");
	if (container_plan_follow(&next->container_plan, &last->container_plan) < 0)
		return error_set(error, -ENOMEM, "no memory for the containers under the new config");
	if (config->containers)
		result = look_for_containers(engine, config, error);
	if (result == 0)
		result = put_into_force(engine, next, error);
	if (result < 0) {
		struct error ignored;

		return_to_last(engine);
		look_for_containers(engine, last->config, &ignored);
		return result;
	}
	engine->instance = next;
	look_for_containers(engine, config, error);
	engine->next_retry = UINT64_MAX;
	log_info("the new config is in force; rules: %zu, proxies: %zu, cgroups with another target: %zu of %zu",
		 config->rule_count, config->proxy_count,
		 plan_log_moves(&next->plan, &last->plan, engine->watch.tree.root), engine->watch.tree.count);
	next = last;
	apply_remove_leftovers(engine);
	fence_look(&engine->fence, &engine->nft, clock_now());
	fence_begin(&engine->fence, &engine->nft, clock_now());
	return 0;
}

int engine_find_leftovers(struct error *error)
{
	struct table_state state = {0};
	struct nft nft = {0};
	int result = nft_open(&nft, error);

	if (result == 0)
		result = nft_query_table(&nft, TABLE_NAME, &state, error);
	nft_close(&nft);
	return result == 0 ? state.exists : result;
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
		result = routes_remove_others(&rtnetlink, &nothing, error);
	rtnetlink_close(&rtnetlink);
	nft_close(&nft);
	return result;
}

int engine_stop(struct engine *engine, bool keep, struct error *error)
{
	const struct routing nothing = instance_routing(engine->instance, false);
	int result = 0;

	fence_look(&engine->fence, &engine->nft, clock_now());
	if (keep || engine->instance->config->on_stop == ON_STOP_KEEP) {
		if (keep)
			log_info("the next run takes over: all verdicts stay in force");
		else
			log_info("on-stop is keep: all verdicts stay in force");
		return 0;
	}
	result = nft_remove_table(&engine->nft, error);
	return result < 0 ? result : routes_remove_others(&engine->routes.rtnetlink, &nothing, error);
}

struct instance *engine_instance(const struct engine *engine)
{
	return engine->instance;
}

const struct cgroup_tree *engine_tree(const struct engine *engine)
{
	return &engine->watch.tree;
}

void engine_walk_begin(struct engine *engine)
{
	engine->watch.tree.cursor = engine->watch.tree.root;
}

const struct cgroup *engine_walk_next(struct engine *engine)
{
	const struct cgroup *cgroup = engine->watch.tree.cursor;

	engine->watch.tree.cursor = cgroup != NULL ? cgroup_next(cgroup) : NULL;
	return cgroup;
}

const struct route_state *engine_routes(const struct engine *engine)
{
	return &engine->routes.state;
}

uint64_t engine_fenced(const struct engine *engine)
{
	return engine->fence.packets;
}

size_t engine_unwatched(const struct engine *engine)
{
	return engine->watch.unwatched;
}

const char *engine_mount(const struct engine *engine)
{
	return engine->mount;
}
