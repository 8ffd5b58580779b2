/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_ROUTES_H
#define CGTPROXY_ENGINE_ROUTES_H

#include "engine/route_report.h"
#include "route/monitor.h"
#include "route/route.h"
#include "util/error.h"

#include <stdint.h>

/**
 * Keeps policy rules and routes in force, whatever others do to them. What can't be is told once and tried again, and
 * nothing else waits for it: a marked packet without a way to its proxy goes nowhere.
 */
struct routes {
	struct route_monitor monitor;
	struct rtnetlink rtnetlink;
	struct route_report report;
	struct route_state state; /* as of the last look */
	uint32_t table;		  /* which is ours: routes of others in it are removed; 0: none yet */
	uint64_t next_try;	  /* usec of CLOCK_MONOTONIC; UINT64_MAX: all is as it should be */
	uint64_t undo_time;	  /* likewise; grows by an interval with each change of others that is undone */
};

/**
 * Begins to listen.
 *
 * @routes: zeroed; routes_close() it whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int routes_open(struct routes *routes, struct error *error);

void routes_close(struct routes *routes);

/** Returns the file descriptor that is readable when there is something for routes_handle_events(). */
int routes_fd(const struct routes *routes);

/**
 * Makes sure that nobody else has routes in the routing table, unless it is ours already. Nothing is changed.
 *
 * Returns 0, -EEXIST, or another negative errno, with @error.
 */
int routes_claim(struct routes *routes, const struct routing *wanted, struct error *error);

/**
 * Puts policy rules and routes in force. What fails for another reason than a lack of permission is told in the log and
 * tried again at routes_deadline().
 *
 * Returns 0, or -EPERM with @error.
 */
int routes_put(struct routes *routes, const struct routing *wanted, struct error *error);

/** Takes in what the file descriptor tells, and mends it. */
void routes_handle_events(struct routes *routes, const struct routing *wanted);

/** Returns when routes_handle_deadline() is to be called, in usec of CLOCK_MONOTONIC, or UINT64_MAX for never. */
uint64_t routes_deadline(const struct routes *routes);

/** Tries again what is due. */
void routes_handle_deadline(struct routes *routes, const struct routing *wanted);

/**
 * Takes away what no rule of the table leads to any more. A packet that met the table as it was before may be marked
 * already and not yet routed, so those first get where they go.
 *
 * Returns 0 or a negative errno with @error.
 */
int routes_remove_others(struct rtnetlink *rtnetlink, const struct routing *routing, struct error *error);

#endif
