/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_EVENTS_H
#define CGTPROXY_ENGINE_EVENTS_H

#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

/* What the engine waits for, for whoever has the event loop. */

/**
 * Something to wait for.
 *
 * @fd:     readable when there is something to handle
 * @handle: takes in some of it; the descriptor stays readable while there is more. Returns 0, or a negative errno with
 *          @error when it is of no use to go on.
 */
struct event_source {
	int fd;
	int (*handle)(struct engine *engine, struct error *error);
};

enum { EVENTS_SOURCES_MAX = 4 };

/**
 * Lists what to wait for: cgroups, routes, sockets, tables.
 *
 * @sources: room for EVENTS_SOURCES_MAX
 *
 * Returns how many there are.
 */
size_t events_sources(const struct engine *engine, struct event_source *sources);

/** Returns whether other programs have changed anything in nftables since this was asked last. */
bool events_others_committed(struct engine *engine);

/** Returns when events_handle_deadline() is to be called, in usec of CLOCK_MONOTONIC, or UINT64_MAX for never. */
uint64_t events_deadline(const struct engine *engine);

/** Does what was put off until now. Returns 0, or a negative errno with @error when it is of no use to go on. */
int events_handle_deadline(struct engine *engine, struct error *error);

/* And for the engine itself: */

/**
 * Sets when to look at cgroups that have no watch.
 *
 * @begin: when the last look began, in usec of CLOCK_MONOTONIC
 * @more:  it was not through with all of them
 */
void events_schedule_look(struct engine *engine, uint64_t begin, bool more);

/**
 * Takes in what came while the table was made; not for ever, since somebody may go on making cgroups.
 *
 * Returns 0 or a negative errno with @error.
 */
int events_catch_up(struct engine *engine, struct error *error);

#endif
