/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_MONITOR_H
#define CGTPROXY_ROUTE_MONITOR_H

#include "route/routing.h"
#include "route/rtnetlink.h"
#include "util/error.h"
#include "util/netlink.h"
#include "util/process.h"

#include <stdbool.h>
#include <stdint.h>

/** Hears of what may have come between marked packets and their way: rules, routes, and the loopback interface. */
struct route_monitor {
	struct netlink netlink;
};

/** Who did something. */
struct route_owner {
	uint32_t port; /* the netlink port; 0: the kernel, or not known */
	char name[PROCESS_NAME_SIZE];
};

struct route_disturbance {
	unsigned families; /* where to look, a bit (1 << FAMILY_...) for each */
	struct route_owner removed;
	struct route_owner added;
};

/**
 * Begins to listen.
 *
 * @monitor: zeroed; route_monitor_close() it whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int route_monitor_open(struct route_monitor *monitor, struct error *error);

/** Returns the file descriptor that is readable when there is something to hear. */
int route_monitor_fd(const struct route_monitor *monitor);

/**
 * Reads all there is to hear: of rules that stand where they can be in front of ours, of routes in our table, of the
 * loopback interface, which loses its routes when it goes down, and of addresses of IPv6, by which that begins to be
 * there. What was lost for lack of room counts as a disturbance.
 *
 * @own_port: netlink port of our own changes, which are none
 */
void route_monitor_read(struct route_monitor *monitor, const struct routing *wanted, uint32_t own_port,
			struct route_disturbance *disturbance);

void route_monitor_close(struct route_monitor *monitor);

#endif
