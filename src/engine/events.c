/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/events.h"

#include "engine/apply.h"
#include "engine/names.h"
#include "engine/state.h"
#include "util/clock.h"
#include "util/log.h"

#include <poll.h>

/*
 * Cgroups that can't be watched are scanned again this long after the last scan, and for at most a tenth of the time.
 */
#define LOOK_INTERVAL USEC_PER_SEC
#define LOOK_COST_FACTOR 9

enum {
	CATCH_UP_MAX = 100,
};

/*
 * How long to go on looking for containers after the first exchange of the table, and how often what was found is put
 * in force meanwhile, in usec. On a busy host there may always be one more.
 */
#define CONTAINERS_TIME (30 * USEC_PER_SEC)
#define CONTAINERS_INTERVAL (USEC_PER_SEC / 10)

void events_schedule_look(struct engine *engine, uint64_t begin, bool more)
{
	uint64_t end = clock_now();

	engine->next_look = UINT64_MAX;
	if (engine->watch.unwatched > 0)
		engine->next_look = end + LOOK_COST_FACTOR * (end - begin) + (more ? 0 : LOOK_INTERVAL);
}

/* Returns how many events there were, or a negative errno. */
static int take_in_cgroups(struct engine *engine, struct error *error)
{
	int events = watch_read(&engine->watch, error);
	int result = 0;

	if (events < 0)
		return events;
	if (engine->watch.unwatched > 0 && engine->next_look == UINT64_MAX)
		events_schedule_look(engine, clock_now(), false);
	result = apply_delta(engine, error);
	return result < 0 ? result : events;
}

static int handle_cgroup_events(struct engine *engine, struct error *error)
{
	const int events = take_in_cgroups(engine, error);

	return events < 0 ? events : 0;
}

static int handle_nft_events(struct engine *engine, struct error *error)
{
	struct foreign_change change;

	nft_monitor_read(&engine->nft_monitor, &change);
	if (!change.happened)
		return 0;
	log_warning("the table inet %s was changed by %s; restoring the table", TABLE_NAME, change.by);
	return apply_restore(engine, error);
}

static int handle_route_events(struct engine *engine, struct error *error)
{
	const struct routing routing = instance_routing(engine->instance, true);

	(void)error;
	routes_handle_events(&engine->routes, &routing);
	return 0;
}

static bool knows_containers(const struct engine *engine)
{
	return engine->containers == NULL || containers_are_settled(engine->containers);
}

/* Returns 0 or a negative errno with @error. */
static int find_containers(struct engine *engine, struct error *error)
{
	const uint64_t until = clock_now() + CONTAINERS_TIME;
	int events = 0;

	while (events >= 0 && !knows_containers(engine) && clock_now() < until) {
		struct pollfd news = {.fd = engine->container_poll, .events = POLLIN};

		/* there may be nothing to do until a failed question is repeated */
		if (!containers_settle(engine->containers, clock_now() + CONTAINERS_INTERVAL, clock_now))
			poll(&news, 1, 1);
		events = take_in_cgroups(engine, error);
	}
	if (!knows_containers(engine))
		log_warning("still looking for the cgroups of some containers");
	return events < 0 ? events : 0;
}

int events_catch_up(struct engine *engine, struct error *error)
{
	int events = 1;

	for (int i = 0; i < CATCH_UP_MAX && events > 0; i++)
		events = take_in_cgroups(engine, error);
	return events < 0 ? events : find_containers(engine, error);
}

static int handle_census(struct engine *engine, struct error *error)
{
	int result = census_read(&engine->census, &engine->instance->plan, clock_now);

	if (result < 0)
		log_warning("no memory to remove the verdicts of removed cgroups; they stay for now");
	return result != 0 ? apply_delta(engine, error) : 0;
}

static int handle_containers(struct engine *engine, struct error *error)
{
	if (engine->containers != NULL)
		containers_step(engine->containers, clock_now);
	return apply_delta(engine, error);
}

size_t events_sources(const struct engine *engine, struct event_source *sources)
{
	size_t count = 0;

	sources[count++] = (struct event_source){engine->watch.inotify, handle_cgroup_events};
	sources[count++] = (struct event_source){routes_fd(&engine->routes), handle_route_events};
	sources[count++] = (struct event_source){census_fd(&engine->census), handle_census};
	if (nft_monitor_fd(&engine->nft_monitor) >= 0)
		sources[count++] = (struct event_source){nft_monitor_fd(&engine->nft_monitor), handle_nft_events};
	sources[count++] = (struct event_source){engine->container_poll, handle_containers};
	return count;
}

uint64_t events_deadline(const struct engine *engine)
{
	uint64_t deadline = census_deadline(&engine->census, &engine->instance->plan);

	if (engine->next_look < deadline)
		deadline = engine->next_look;
	if (engine->fence.next < deadline)
		deadline = engine->fence.next;
	if (routes_deadline(&engine->routes) < deadline)
		deadline = routes_deadline(&engine->routes);
	if (engine->containers != NULL && containers_deadline(engine->containers) < deadline)
		deadline = containers_deadline(engine->containers);
	return engine->next_retry < deadline ? engine->next_retry : deadline;
}

int events_handle_deadline(struct engine *engine, struct error *error)
{
	const struct routing routing = instance_routing(engine->instance, true);
	uint64_t begin = clock_now();

	if (engine->fence.next <= begin)
		fence_look(&engine->fence, &engine->nft, begin);
	if (engine->next_look <= begin)
		events_schedule_look(engine, begin, watch_look(&engine->watch, begin));
	if (census_deadline(&engine->census, &engine->instance->plan) <= begin)
		census_begin(&engine->census, &engine->instance->plan, engine->watch.tree.root, begin);
	routes_handle_deadline(&engine->routes, &routing);
	if (engine->containers != NULL && containers_deadline(engine->containers) <= begin)
		containers_step(engine->containers, clock_now);
	return apply_delta(engine, error);
}

bool events_others_committed(struct engine *engine)
{
	return nft_others_committed(&engine->nft) > 0;
}
