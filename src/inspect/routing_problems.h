/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_ROUTING_PROBLEMS_H
#define CGTPROXY_INSPECT_ROUTING_PROBLEMS_H

#include "inspect/problems.h"
#include "route/routing.h"

#include <stdbool.h>

/**
 * Adds what is wrong with policy rules.
 *
 * @wanted:   what a config takes
 * @state:    as route_look() or route_put() found it
 * @in_force: whether the config is the one in force, so that its rules and routes should be there
 *
 * Returns 0 or -ENOMEM.
 */
int routing_judge_rules(const struct routing *wanted, const struct route_state *state, bool in_force,
			struct problems *problems);

/** Adds what is wrong with routes and the loopback interface, likewise. */
int routing_judge_routes(const struct routing *wanted, const struct route_state *state, bool in_force,
			 struct problems *problems);

#endif
