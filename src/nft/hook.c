/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/hook.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

const struct hook *hook_of(enum chain_hook hook)
{
	static const struct hook hooks[] = {
		/* after other programs' chains at mangle, whose marks would otherwise prevail */
		[HOOK_ROUTE_OUTPUT] = {"route", NF_INET_LOCAL_OUT, NF_IP_PRI_MANGLE + 5,
				       "type route hook output priority mangle + 5; policy accept;"},
		/* dstnat by number: nft before 1.0.8 accepts the name in prerouting only */
		[HOOK_NAT_OUTPUT] = {"nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST,
				     "type nat hook output priority -100; policy accept;"},
		/* before other programs' chains at dstnat, the first of which to redirect a flow decides */
		[HOOK_NAT_PREROUTING] = {"nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST - 5,
					 "type nat hook prerouting priority dstnat - 5; policy accept;"},
		/*
		 * Late: once TPROXY has assigned a socket to a packet, foreign "fib saddr . iif oif missing" rules drop
		 * it (firewalld's reverse path filter is at filter + 10), and a mark that others changed meanwhile is
		 * set again.
		 */
		[HOOK_FILTER_PREROUTING] = {"filter", NF_INET_PRE_ROUTING, NF_IP_PRI_FILTER + 11,
					    "type filter hook prerouting priority filter + 11; policy accept;"},
		[HOOK_FILTER_POSTROUTING] = {"filter", NF_INET_POST_ROUTING, NF_IP_PRI_MANGLE,
					     "type filter hook postrouting priority mangle; policy accept;"},
	};

	return hook != HOOK_NONE ? &hooks[hook] : NULL;
}
