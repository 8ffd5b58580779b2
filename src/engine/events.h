/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_EVENTS_H
#define CGTPROXY_ENGINE_EVENTS_H

#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

/* What the engine waits for, for the owner of the event loop. */

/**
 * A file descriptor to poll.
 *
 * @fd:     readable when there is something to handle
 * @handle: handles some of it; the descriptor stays readable while there is more. Returns 0, or a negative errno with
 *          @error when the engine can't go on.
 */
struct event_source {
	int fd;
	int (*handle)(struct engine *engine, struct error *error);
};

enum { EVENTS_SOURCES_MAX = 5 };

/**
 * Lists what to poll: cgroups, routes, sockets, tables, containers.
 *
 * @sources: room for EVENTS_SOURCES_MAX
 *
 * Returns how many there are.
 */
size_t events_sources(const struct engine *engine, struct event_source *sources);

/** Returns whether other programs have changed nftables since the last call. */
bool events_others_committed(struct engine *engine);

/** Returns when events_handle_deadline() is to be called, in usec of CLOCK_MONOTONIC, or UINT64_MAX for never. */
uint64_t events_deadline(const struct engine *engine);

/** Does what is due. Returns 0, or a negative errno with @error when the engine can't go on. */
int events_handle_deadline(struct engine *engine, struct error *error);

/* For the engine itself: */

/**
 * Schedules the next scan of cgroups without a watch.
 *
 * @begin: when the last scan began, in usec of CLOCK_MONOTONIC
 * @more:  it did not get through all of them
 */
void events_schedule_look(struct engine *engine, uint64_t begin, bool more);

/**
 * Handles what happened while the table was created, and puts all containers in force; neither endlessly, since someone
 * may keep creating cgroups or containers.
 *
 * Returns 0 or a negative errno with @error.
 */
int events_catch_up(struct engine *engine, struct error *error);

#endif
