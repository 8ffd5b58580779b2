/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_WAYS_H
#define CGTPROXY_INSPECT_WAYS_H

#include "config/config.h"
#include "inspect/problems.h"

#include <stdbool.h>

/**
 * Which families have a route to the internet; without one, the kernel refuses to send before any rule sees the packet.
 */
struct ways {
	bool ip;
	bool ip6;
};

/**
 * Checks the routing of this network namespace. A missing IPv6 route is no problem: programs get an error at once, and
 * use IPv4. Without a proxy nothing is a problem.
 *
 * Returns 0 or a negative errno.
 */
int ways_inspect(const struct config *config, struct ways *ways, struct problems *problems);

#endif
