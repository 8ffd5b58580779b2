/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_ROUTE_REPORT_H
#define CGTPROXY_ENGINE_ROUTE_REPORT_H

#include "route/monitor.h"
#include "route/route.h"

#include <stdbool.h>
#include <stdint.h>

/* What the log says of policy routing: what changed and who did it, once, however often that is done. */

enum { REPORT_SIZE = 512 };

/** What was told last of something that lasts; "" as long as all is well. */
struct report_line {
	char text[REPORT_SIZE];
};

/** Of whom something was told last that is done again and again. */
struct report_owner {
	struct route_owner owner;
	uint64_t time; /* usec of CLOCK_MONOTONIC; 0: never */
};

struct route_report {
	struct report_line failure;
	struct report_line way; /* the loopback interface, or a route, is missing */
	struct report_line blocking[FAMILY_COUNT];
	struct report_line foreign[FAMILY_COUNT];
	struct report_owner removal;
	struct report_owner move;
	struct report_owner foreign_owner;
	char reasons[FAMILY_COUNT][ROUTE_TEXT_SIZE]; /* as known, why the rules stand elsewhere; "" when they don't */
	bool told_of_move;			     /* and that they are back was not told yet */
	uint64_t put_off;			     /* when it was told that something was put off; 0: never */
};

/**
 * Tells what is new since the last look.
 *
 * @before:      the state as of the last look
 * @state:       the state now, and what was done for it
 * @disturbance: what made us look, or NULL: no other program is known to have done anything
 * @undone:      whether changes of others were undone, and not put off
 * @time:        usec of CLOCK_MONOTONIC
 */
void report_state(struct route_report *report, const struct routing *wanted, const struct route_state *before,
		  const struct route_state *state, const struct route_disturbance *disturbance, bool undone,
		  uint64_t time);

/** Tells that nothing could be done, or, with NULL, that this is over. */
void report_failure(struct route_report *report, const char *text);

#endif
