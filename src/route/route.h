/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ROUTE_H
#define CGTPROXY_ROUTE_ROUTE_H

#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Policy routing: what a proxy's mark is on goes to the loopback interface, where it meets the prerouting chain.
 *
 *   ip rule add fwmark MARK/MASK lookup TABLE priority PRIORITY protocol kernel
 *   ip route add local default dev lo table TABLE proto kernel
 *
 * for IPv4 and, where the host has it, IPv6. The protocol is "kernel" because systemd-networkd removes rules and routes
 * of others when it starts. It is also how our own are known again after a killed run: nothing else makes such a route
 * of that protocol, nor a rule of it for a fwmark that leads there.
 */

struct fwmark {
	uint32_t value;
	uint32_t mask;
};

struct routing {
	uint32_t table; /* 0, with no marks: none in particular */
	uint32_t priority;
	const struct fwmark *marks;
	size_t mark_count; /* 0: neither rules nor routes are wanted */
};

/**
 * Adds the policy rules and routes that are missing.
 *
 * Returns how many were, or a negative errno with @error.
 */
int route_add(const struct routing *wanted, struct error *error);

/**
 * Removes those of our policy rules and routes that are not wanted, whatever run they are from.
 *
 * Returns 0 or a negative errno with @error.
 */
int route_remove_others(const struct routing *wanted, struct error *error);

/** Which of the wanted policy rules and routes of a family are there. */
struct route_presence {
	bool has_family; /* the host has it; without, nothing of it is wanted */
	size_t rules;	 /* how many of the wanted ones */
	bool route;
};

/**
 * Looks which policy rules and routes there are. It takes no privileges.
 *
 * Returns 0 or a negative errno.
 */
int route_look(const struct routing *wanted, struct route_presence *ip, struct route_presence *ip6);

/** A policy rule of somebody else's that comes before ours and may take packets that are meant for a proxy. */
struct earlier_rule {
	int family; /* AF_INET or AF_INET6 */
	uint32_t priority;
	uint32_t table;
	uint32_t mark; /* of the proxy */
};

/**
 * Finds such rules.
 *
 * Returns 0 or a negative errno.
 */
int route_find_earlier(const struct routing *wanted, void (*tell)(const struct earlier_rule *rule, void *userdata),
		       void *userdata);

#endif
