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

/** Watches for changes that may divert marked packets: rules, routes, and the loopback interface. */
struct route_monitor {
	struct netlink netlink;
};

/** Who made a change. */
struct route_owner {
	uint32_t port;			    /* netlink port; 0: the kernel, or unknown */
	char name[PROCESS_NAME_SIZE];	    /* for messages */
	char program[PROCESS_PROGRAM_SIZE]; /* or "", where the process has ended or is hidden (ProtectProc=) */
};

struct route_disturbance {
	unsigned families; /* affected families, a bit (1 << FAMILY_...) for each */
	struct route_owner removed;
	struct route_owner added;
};

/**
 * Subscribes to notifications.
 *
 * @monitor: zeroed; to be closed with route_monitor_close() whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int route_monitor_open(struct route_monitor *monitor, struct error *error);

/** Returns the file descriptor that is readable when there are notifications. */
int route_monitor_fd(const struct route_monitor *monitor);

/**
 * Reads all pending notifications: about rules that may precede ours, routes in our table, the loopback interface,
 * which loses its routes when it goes down, and IPv6 addresses, with which IPv6 becomes available. Notifications lost
 * to a full buffer count as a disturbance.
 *
 * @own_port: netlink port of our own changes, which are ignored
 */
void route_monitor_read(struct route_monitor *monitor, const struct routing *wanted, uint32_t own_port,
			struct route_disturbance *disturbance);

void route_monitor_close(struct route_monitor *monitor);

#endif
