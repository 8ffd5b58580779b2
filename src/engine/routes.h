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
 * Keeps policy rules and routes in force, whatever other programs do to them. A failure is logged once and retried, and
 * nothing else waits for it: a marked packet without a route to its proxy goes nowhere.
 */
struct routes {
	struct route_monitor monitor;
	struct rtnetlink rtnetlink;
	struct route_report report;
	struct route_state state; /* as of the last look */
	uint32_t table;		  /* the one we own: other programs' routes in it are removed; 0: none yet */
	uint64_t next_try;	  /* usec of CLOCK_MONOTONIC; UINT64_MAX: nothing to retry */
	uint64_t undo_time;	  /* likewise; advances by an interval with each foreign change undone */
};

/**
 * Starts listening.
 *
 * @routes: zeroed; release with routes_close(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int routes_open(struct routes *routes, struct error *error);

void routes_close(struct routes *routes);

/** Returns the file descriptor to poll for routes_handle_events(). */
int routes_fd(const struct routes *routes);

/**
 * Checks that no other program has routes in the routing table, unless the table is already ours. Changes nothing.
 *
 * Returns 0, -EEXIST, or another negative errno, with @error.
 */
int routes_claim(struct routes *routes, const struct routing *wanted, struct error *error);

/**
 * Puts policy rules and routes in force. A failure other than lack of permission is logged and retried at
 * routes_deadline().
 *
 * Returns 0, or -EPERM with @error.
 */
int routes_put(struct routes *routes, const struct routing *wanted, struct error *error);

/** Reads the pending events and restores what was changed. */
void routes_handle_events(struct routes *routes, const struct routing *wanted);

/** Returns when routes_handle_deadline() is to be called, in usec of CLOCK_MONOTONIC, or UINT64_MAX for never. */
uint64_t routes_deadline(const struct routes *routes);

/** Retries what is due. */
void routes_handle_deadline(struct routes *routes, const struct routing *wanted);

/**
 * Removes policy rules and routes that no rule of the table leads to any more. Packets that the previous table marked
 * may not be routed yet, so it waits for those first.
 *
 * Returns 0 or a negative errno with @error.
 */
int routes_remove_others(struct rtnetlink *rtnetlink, const struct routing *routing, struct error *error);

#endif
