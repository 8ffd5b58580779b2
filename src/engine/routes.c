/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/routes.h"

#include "util/clock.h"
#include "util/grace.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Failures are retried after this long; most are also retried on an event. */
#define TRY_INTERVAL (5 * USEC_PER_SEC)

/*
 * Another program may answer each of our changes with one of its own, endlessly. This many are undone at once, more
 * than any well-meaning program makes, and then one per interval.
 */
#define UNDO_INTERVAL (USEC_PER_SEC / 2)
#define UNDO_BURST UINT64_C(300)

#define ALL_FAMILIES (1U << FAMILY_IPV4 | 1U << FAMILY_IPV6)

int routes_open(struct routes *routes, struct error *error)
{
	routes->next_try = UINT64_MAX;
	return route_monitor_open(&routes->monitor, error);
}

void routes_close(struct routes *routes)
{
	route_monitor_close(&routes->monitor);
	rtnetlink_close(&routes->rtnetlink);
}

int routes_fd(const struct routes *routes)
{
	return route_monitor_fd(&routes->monitor);
}

int routes_claim(struct routes *routes, const struct routing *wanted, struct error *error)
{
	if (wanted->mark_count == 0 || wanted->table == routes->table)
		return 0;
	return route_refuse_foreign(&routes->rtnetlink, wanted, error);
}

/* When the next foreign change may be undone. */
static uint64_t next_undo(const struct routes *routes)
{
	const uint64_t burst = UNDO_BURST * UNDO_INTERVAL;

	return routes->undo_time > burst ? routes->undo_time - burst : 0;
}

static bool has_undone(const struct route_state *state)
{
	bool undone = false;

	for (size_t i = 0; i < FAMILY_COUNT; i++)
		undone = undone || state->families[i].moved || state->families[i].removed > 0;
	return undone;
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static void schedule(struct routes *routes, bool failed, uint64_t time)
{
	const uint64_t retry = time + TRY_INTERVAL;

	routes->next_try = failed ? retry : UINT64_MAX;
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct route_family *family = &routes->state.families[i];
		bool is_put_off =
			next_undo(routes) > time && (family->priority != family->due || family->foreign_count > 0);

		if (!family->exists)
			continue;
		if (is_put_off)
			routes->next_try = earlier(routes->next_try, next_undo(routes));
		else if (family->foreign_count > 0 || (!family->route && family->in_use))
			routes->next_try = earlier(routes->next_try, retry);
	}
}

/* A failure may be only a lost reply, so it is tried twice. */
static int put(struct routes *routes, const struct routing *wanted, unsigned families,
	       const struct route_disturbance *disturbance, struct error *error)
{
	const struct route_state before = routes->state;
	const uint64_t time = clock_now();
	const bool undo = next_undo(routes) <= time;
	int result = 0;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		routes->state.families[i].added = routes->state.families[i].removed = 0;
		routes->state.families[i].moved = false;
	}
	result = route_put(&routes->rtnetlink, wanted, families, undo, &routes->state, error);
	if (result < 0 && result != -EPERM)
		result = route_put(&routes->rtnetlink, wanted, families, undo, &routes->state, error);
	if (has_undone(&routes->state))
		routes->undo_time = (routes->undo_time > time ? routes->undo_time : time) + UNDO_INTERVAL;
	schedule(routes, result < 0, time);
	if (result == 0) {
		report_state(&routes->report, wanted, &before, &routes->state, disturbance, undo, time);
		report_failure(&routes->report, NULL);
	}
	return result;
}

int routes_put(struct routes *routes, const struct routing *wanted, struct error *error)
{
	int result = put(routes, wanted, ALL_FAMILIES, NULL, error);

	if (result == -EPERM)
		return result;
	if (wanted->mark_count > 0)
		routes->table = wanted->table;
	if (result < 0)
		report_failure(&routes->report, error->text);
	return 0;
}

void routes_handle_events(struct routes *routes, const struct routing *wanted)
{
	struct route_disturbance disturbance;
	struct error error;

	route_monitor_read(&routes->monitor, wanted, rtnetlink_port(&routes->rtnetlink), &disturbance);
	if (disturbance.families != 0 && put(routes, wanted, disturbance.families, &disturbance, &error) < 0)
		report_failure(&routes->report, error.text);
}

uint64_t routes_deadline(const struct routes *routes)
{
	return routes->next_try;
}

void routes_handle_deadline(struct routes *routes, const struct routing *wanted)
{
	struct error error;

	if (routes->next_try <= clock_now() && put(routes, wanted, ALL_FAMILIES, NULL, &error) < 0)
		report_failure(&routes->report, error.text);
}

int routes_remove_others(struct rtnetlink *rtnetlink, const struct routing *routing, struct error *error)
{
	grace_period();
	return route_remove_others(rtnetlink, routing, error);
}
