/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_ROUTING_H
#define CGTPROXY_INSPECT_STATUS_ROUTING_H

#include "config/config.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The part of the status that is about policy rules and routes. */

enum status_part {
	STATUS_UNKNOWN,
	STATUS_NOT_NEEDED,
	STATUS_THERE,
	STATUS_MISSING,
	STATUS_BEHIND, /* it is there, and something of others that comes first may take proxied traffic */
};

struct status_routing {
	enum status_part rules;
	enum status_part route;
	uint32_t priority; /* where the rules stand, or 0 */
	bool is_displaced; /* which is not where the config has them */
};

struct status_routes {
	struct status_routing ip;
	struct status_routing ip6;
	bool loopback_is_down; /* by which all that is proxied goes */
};

/**
 * Compares what there is with what a config takes.
 *
 * @is_current: whether the config is the one in force
 * @routes:     set
 *
 * Returns 0 or a negative errno with @error.
 */
int status_read_routes(const struct config *config, bool is_current, struct status_routes *routes, struct error *error);

/** Returns whether nothing is missing. */
bool status_routes_are_complete(const struct status_routes *routes);

#endif
