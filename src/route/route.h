/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ROUTE_H
#define CGTPROXY_ROUTE_ROUTE_H

#include "route/routing.h"
#include "route/rtnetlink.h"
#include "util/error.h"

#include <stdbool.h>

/**
 * Adds the policy rules and routes that are missing, moves the rules to where they belong, the new ones being there
 * before the old ones are gone, and removes routes of others from our table. That a route can't be, for lack of an
 * interface that is up, is no failure. When one family fails, the other one is put right all the same.
 *
 * @families: which ones to look at, a bit (1 << FAMILY_...) for each; the others' part of @state stays as it is
 * @undo:     whether to move rules and to remove routes of others; without, what is there stays
 * @state:    what there is afterwards
 *
 * Returns 0 or a negative errno with @error, the first.
 */
int route_put(struct rtnetlink *rtnetlink, const struct routing *wanted, unsigned families, bool undo,
	      struct route_state *state, struct error *error);

/**
 * Looks what there is. It takes no privileges.
 *
 * Returns 0 or a negative errno with @error.
 */
int route_look(struct rtnetlink *rtnetlink, const struct routing *wanted, struct route_state *state,
	       struct error *error);

/**
 * Removes those of our policy rules and routes that are not wanted, whatever run they are from.
 *
 * Returns 0 or a negative errno with @error.
 */
int route_remove_others(struct rtnetlink *rtnetlink, const struct routing *wanted, struct error *error);

/**
 * Refuses a routing table in which others have routes, before any use is made of it.
 *
 * Returns 0, -EEXIST when there is one, or another negative errno, with @error.
 */
int route_refuse_foreign(struct rtnetlink *rtnetlink, const struct routing *wanted, struct error *error);

#endif
