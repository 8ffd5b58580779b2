/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_LINKS_H
#define CGTPROXY_ROUTE_LINKS_H

#include "route/rtnetlink.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A network interface other than the loopback one, and what matters to packets that arrive on it. */
struct link {
	uint32_t index;
	char name[IFNAMSIZ];
	bool is_bridge;
	bool is_veth;
	bool filters_ip; /* of a bridge: what it bridges passes nftables' chains for IP, even if the sysctl is 0 */
	bool filters_ip6;
	bool forwards_ip; /* what arrives on it, net.ipv4.conf.NAME.forwarding */
	bool has_ip;
	struct in_addr ip; /* the first one */
	bool has_ip6;	   /* a global one that does not expire, as routers and not their clients have */
	struct in6_addr ip6;
};

struct links {
	struct link *items; /* for links_clear() */
	size_t count;
	size_t capacity;
	bool forwards_ip6; /* net.ipv6.conf.all.forwarding */
};

/**
 * Lists the interfaces of this network namespace. It takes no privileges, and no sysctl that a sandbox may hide.
 *
 * @links: zeroed; links_clear() it whatever this returns
 *
 * Returns 0 or a negative errno.
 */
int links_read(struct links *links);

void links_clear(struct links *links);

#endif
