/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_ROUTE_REPORT_H
#define CGTPROXY_ENGINE_ROUTE_REPORT_H

#include "route/monitor.h"
#include "route/route.h"

#include <stdbool.h>
#include <stdint.h>

/* Logs changes of policy routing and who made them; repeated changes are logged once. */

enum { REPORT_SIZE = 512 };

/** The last line logged about a lasting condition; "" while all is well. */
struct report_line {
	char text[REPORT_SIZE];
};

/** Whose repeated change was logged last. */
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
	char reasons[FAMILY_COUNT]
		    [ROUTE_TEXT_SIZE]; /* why the rules have another priority, as last seen; "" when they don't */
	bool told_of_move;	       /* the move was logged, and the rules' return not yet */
	uint64_t put_off;	       /* when a delay was last logged; 0: never */
};

/**
 * Logs what is new since the last look.
 *
 * @before:      the state as of the last look
 * @state:       the state now, and what was done to restore it
 * @disturbance: what prompted the look, or NULL if no other program is known to have done anything
 * @undone:      whether other programs' changes were undone rather than put off
 * @time:        usec of CLOCK_MONOTONIC
 */
void report_state(struct route_report *report, const struct routing *wanted, const struct route_state *before,
		  const struct route_state *state, const struct route_disturbance *disturbance, bool undone,
		  uint64_t time);

/** Logs that nothing could be done, or, with NULL, that this is over. */
void report_failure(struct route_report *report, const char *text);

#endif
