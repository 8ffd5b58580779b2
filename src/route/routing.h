/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ROUTING_H
#define CGTPROXY_ROUTE_ROUTING_H

#include "util/fwmark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Policy routing: what a proxy's mark is on goes to the loopback interface, where it meets the prerouting chain.
 *
 *   ip rule add fwmark MARK/MASK lookup TABLE priority PRIORITY protocol kernel
 *   ip route add local default dev lo table TABLE proto kernel
 *
 * for IPv4 and, where the kernel has it, IPv6. The protocol is "kernel" because systemd-networkd removes rules and
 * routes of others when it starts. It is also how our own are known again after a killed run: nothing else makes such a
 * route of that protocol, nor a rule of it for a fwmark that leads there.
 *
 * The rules stand at the config's priority, or in front of any rule of others that may take a packet with a mark, see
 * order.h. The table is ours alone.
 */

struct routing {
	uint32_t table; /* 0, with no marks: none in particular */
	uint32_t priority;
	const struct fwmark *marks;
	size_t mark_count; /* 0: neither rules nor routes are wanted */
};

enum {
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILY_COUNT,
	ROUTE_TEXT_SIZE = 256,
};

/** What there is of policy routing for a family. */
struct route_family {
	bool exists;	  /* the kernel has the family; without, nothing of it is wanted */
	bool in_use;	  /* packets of it can be sent: always IPv4; IPv6 if some interface has an address */
	bool on_loopback; /* the loopback interface has it, as far as it is up */

	size_t rules;		      /* how many of the wanted rules are there */
	uint32_t priority;	      /* where they stand, the last of them, or 0 */
	uint32_t due;		      /* where they belong */
	char reason[ROUTE_TEXT_SIZE]; /* the rule in front of which that is, or "" */
	/* a rule of others in front of ours that may take what is ours, and in front of which nothing can stand; or ""
	 */
	char blocking[ROUTE_TEXT_SIZE];

	bool route;
	int route_error;	       /* why route_put() could not add it, or 0 */
	size_t foreign_count;	       /* routes of others in our table */
	char foreign[ROUTE_TEXT_SIZE]; /* one that is there, or that route_put() has removed, or "" */
	uint8_t foreign_protocol;      /* RTPROT_* */

	/* what route_put() has done */
	size_t added;	/* rules and routes that were missing */
	bool moved;	/* the rules stood elsewhere */
	size_t removed; /* routes of others */
};

struct route_state {
	bool loopback_is_up;
	struct route_family families[FAMILY_COUNT];
};

/** Returns "IPv4" or "IPv6". */
const char *route_family_name(size_t family);

/** Returns AF_INET or AF_INET6. */
int route_address_family(size_t family);

#endif
