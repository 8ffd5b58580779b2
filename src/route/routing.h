/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ROUTING_H
#define CGTPROXY_ROUTE_ROUTING_H

#include "util/fwmark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Policy routing: packets with a proxy's mark go to the loopback interface, where they enter the prerouting chain.
 *
 *   ip rule add fwmark MARK/MASK lookup TABLE priority PRIORITY protocol kernel
 *   ip route add local default dev lo table TABLE proto kernel
 *
 * for IPv4 and, where the kernel supports it, IPv6. The protocol is "kernel" because systemd-networkd removes foreign
 * rules and routes when it starts. It also identifies ours after a killed run: nothing else creates such a route with
 * that protocol, nor a fwmark rule with it that looks up such a table.
 *
 * The rules have the config's priority, or one that precedes any foreign rule that may capture a marked packet, see
 * order.h. The table is ours alone.
 *
 * What this host forwards for others has a mark of its own, with two rules in front of the others:
 *
 *   ip rule add iif lo fwmark MARK goto 32766 priority PRIORITY-2 protocol kernel
 *   ip rule add fwmark MARK lookup TABLE priority PRIORITY-1 protocol kernel
 *
 * The first exempts reverse path checks. These look up a packet's source as if it was sent from here, with the packet's
 * mark where src_valid_mark is set or a firewall asks for it; a source that our table calls local would count as
 * spoofed. It leads to the kernel's rule for the table main. Where that was removed, it would lead nowhere and be
 * ignored, and leads to PRIORITY instead, where the proxies' rules are.
 */

struct routing {
	uint32_t table; /* 0, with no marks: no particular one */
	uint32_t priority;
	const struct fwmark *marks;
	size_t mark_count;	      /* 0: neither rules nor routes are wanted */
	const struct fwmark *gateway; /* the mark of forwarded packets, or NULL: none go to a proxy */
};

enum {
	GATEWAY_POLICY_RULES = 2,
	MAIN_PRIORITY = 32766, /* of the kernel's rule for the table main */
};

enum {
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILY_COUNT,
	ROUTE_TEXT_SIZE = 256,
};

/** The state of policy routing for a family. */
struct route_family {
	bool exists;	  /* the kernel supports the family; otherwise nothing of it is wanted */
	bool in_use;	  /* packets of it can be sent: IPv4 always, IPv6 if an interface has an address */
	bool on_loopback; /* the loopback interface supports it while it is up */

	size_t rules;	      /* number of wanted rules that exist */
	size_t gateway_rules; /* how many of these are for forwarded packets */
	uint32_t priority;    /* of the proxies' rules, or where those of the gateway belong; the highest, or 0 */
	uint32_t due;	      /* the priority that they should have */
	char reason[ROUTE_TEXT_SIZE]; /* the rule that this precedes, or "" */
	/* a foreign rule before ours that may capture our packets and that nothing can precede, or "" */
	char blocking[ROUTE_TEXT_SIZE];

	bool route;
	int route_error;	       /* why route_put() could not add it, or 0 */
	size_t foreign_count;	       /* foreign routes in our table */
	char foreign[ROUTE_TEXT_SIZE]; /* one that exists or that route_put() removed, or "" */
	uint8_t foreign_protocol;      /* RTPROT_* */

	/* what route_put() did */
	size_t added;	/* missing rules and routes */
	bool moved;	/* the rules had another priority */
	size_t removed; /* foreign routes */
};

struct route_state {
	bool loopback_is_up;
	struct route_family families[FAMILY_COUNT];
};

/** Returns how many policy rules are wanted in each family. */
size_t routing_rule_count(const struct routing *wanted);

/** Returns "IPv4" or "IPv6". */
const char *route_family_name(size_t family);

/** Returns AF_INET or AF_INET6. */
int route_address_family(size_t family);

#endif
