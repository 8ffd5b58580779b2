/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/hook.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

const struct hook *hook_of(enum chain_hook hook)
{
	static const struct hook hooks[] = {
		[HOOK_ROUTE_OUTPUT_MANGLE] = {"route", NF_INET_LOCAL_OUT, NF_IP_PRI_MANGLE,
					      "type route hook output priority mangle; policy accept;"},
		/* dstnat by number: nft before 1.0.8 takes the name in prerouting only */
		[HOOK_NAT_OUTPUT] = {"nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST,
				     "type nat hook output priority -100; policy accept;"},
		[HOOK_FILTER_PREROUTING_MANGLE] = {"filter", NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE,
						   "type filter hook prerouting priority mangle; policy accept;"},
	};

	return hook != HOOK_NONE ? &hooks[hook] : NULL;
}

enum chain_hook hook_of_chain(const char *name)
{
	if (strcmp(name, CHAIN_OUTPUT_MANGLE) == 0)
		return HOOK_ROUTE_OUTPUT_MANGLE;
	if (strcmp(name, CHAIN_OUTPUT_NAT) == 0)
		return HOOK_NAT_OUTPUT;
	return strcmp(name, CHAIN_PREROUTING) == 0 ? HOOK_FILTER_PREROUTING_MANGLE : HOOK_NONE;
}
