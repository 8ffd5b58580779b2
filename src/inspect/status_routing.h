/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_ROUTING_H
#define CGTPROXY_INSPECT_STATUS_ROUTING_H

#include "config/config.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The status of policy rules and routes. */

enum status_part {
	STATUS_UNKNOWN,
	STATUS_NOT_NEEDED,
	STATUS_THERE,
	STATUS_MISSING,
	STATUS_BEHIND, /* it is there, but a foreign rule or route may take proxied traffic first */
};

struct status_routing {
	enum status_part rules;
	enum status_part route;
	uint32_t priority; /* of the rules, or 0 */
	bool is_displaced; /* the priority is not the config's */
};

struct status_routes {
	struct status_routing ip;
	struct status_routing ip6;
	bool loopback_is_down; /* which all proxied traffic uses */
};

/**
 * Compares the kernel's policy rules and routes with what a config needs.
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
