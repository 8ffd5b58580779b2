/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_TRAFFIC_H
#define CGTPROXY_INSPECT_TRAFFIC_H

#include "config/config.h"
#include "inspect/applications.h"
#include "nft/ruleset.h"
#include "policy/policy.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Where some of an application's cgroups send their traffic. */
struct traffic_route {
	char target[NFT_NAME_SIZE]; /* "direct", "drop", "refuse" or the proxy's name: the kernel's if that is known */
	int32_t rule;		    /* index of the config's rule in force, or NO_RULE */
	bool differs;		    /* whether the kernel's target differs from that rule's */
	size_t cgroups;
	size_t sockets; /* TCP and UDP, opened by a process in this network namespace */
};

/** Where the traffic of an application goes, and how much of it its open TCP connections have transferred. */
struct application_traffic {
	struct traffic_route *routes; /* distinct; the one with the most sockets first */
	size_t route_count;
	size_t route_capacity;
	size_t sockets;
	uint64_t received; /* bytes */
	uint64_t sent;	   /* bytes, acknowledged by the peer */
};

/** What an open TCP connection of an application has transferred. */
struct connection_traffic {
	uint64_t cookie; /* of the socket, unique */
	size_t owner;	 /* index of the application */
	uint64_t received;
	uint64_t sent;
};

struct traffic_list {
	struct application_traffic *items; /* in the order of the applications */
	size_t count;
	struct connection_traffic *connections; /* in the order of their cookies */
	size_t connection_count;
	bool kernel_is_known;  /* false: without CAP_NET_ADMIN, and targets are the config's */
	bool kernel_is_active; /* whether there is a table of ours */
	bool kernel_is_left;   /* whether that is an earlier run's, and no daemon runs */
	bool differs;	       /* whether any route differs */
};

/**
 * Finds out where the traffic of all applications goes.
 *
 * @config:       NULL: there are no rules to show, and targets are the kernel's
 * @applications: from applications_read(); the decisions in its tree are overwritten
 * @traffic:      zeroed; release with traffic_list_clear(), also on failure
 *
 * Returns 0, -EPERM if neither the kernel nor a config can be asked, or another negative errno, with @error.
 */
int traffic_list_read(const struct config *config, struct applications *applications, struct traffic_list *traffic,
		      struct error *error);

void traffic_list_clear(struct traffic_list *traffic);

#endif
