/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_EVENTS_H
#define CGTPROXY_ENGINE_EVENTS_H

#include "engine/engine.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

/* What the engine waits for: see engine_sources() and engine_deadline() of engine.h. */

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
