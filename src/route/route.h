/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ROUTE_H
#define CGTPROXY_ROUTE_ROUTE_H

#include "route/routing.h"
#include "route/rtnetlink.h"
#include "util/error.h"

#include <stdbool.h>

/**
 * Adds missing policy rules and routes, moves the rules to their priority (adding the new ones before removing the old
 * ones), and removes foreign routes from our table. A route that can't exist because its interface is down is not a
 * failure. If one family fails, the other is still handled.
 *
 * @families: the ones to handle, a bit (1 << FAMILY_...) for each; the others' part of @state is left unchanged
 * @undo:     whether to move rules and remove foreign routes; otherwise they stay
 * @state:    set to the resulting state
 *
 * Returns 0, or the first negative errno with @error.
 */
int route_put(struct rtnetlink *rtnetlink, const struct routing *wanted, unsigned families, bool undo,
	      struct route_state *state, struct error *error);

/**
 * Reads the current state. Needs no privileges.
 *
 * Returns 0 or a negative errno with @error.
 */
int route_look(struct rtnetlink *rtnetlink, const struct routing *wanted, struct route_state *state,
	       struct error *error);

/**
 * Removes our unwanted policy rules and routes, including those of previous runs.
 *
 * Returns 0 or a negative errno with @error.
 */
int route_remove_others(struct rtnetlink *rtnetlink, const struct routing *wanted, struct error *error);

/**
 * Refuses a routing table that contains foreign routes, before it is used.
 *
 * Returns 0, -EEXIST when there is such a route, or another negative errno, with @error.
 */
int route_refuse_foreign(struct rtnetlink *rtnetlink, const struct routing *wanted, struct error *error);

#endif
