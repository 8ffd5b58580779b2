/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_MONITOR_H
#define CGTPROXY_ROUTE_MONITOR_H

#include "route/route.h"
#include "util/error.h"
#include "util/process.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

/** Hears of what may have taken our policy rules or routes away. */
struct route_monitor {
	struct mnl_socket *socket;
};

struct route_disturbance {
	bool happened; /* something may be missing now */
	uint32_t port; /* netlink port of who did it; 0: not known */
	char by[PROCESS_NAME_SIZE];
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
 * Reads all there is to hear: rules and routes that were removed, and changes of the loopback interface, which loses
 * its routes when it goes down. What was lost for lack of room counts as a disturbance.
 */
void route_monitor_read(struct route_monitor *monitor, const struct routing *wanted,
			struct route_disturbance *disturbance);

void route_monitor_close(struct route_monitor *monitor);

#endif
