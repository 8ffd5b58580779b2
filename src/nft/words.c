/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/words.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *name, const void *word)
{
	return strcmp(name, *(const char *const *)word);
}

bool nft_can_name(const char *name)
{
	/* of nft 1.0.6, sorted: all that it refuses as the name of a chain */
	static const char *const words[] = {
		"accept",    "add",	 "ah",	      "all",	  "and",	 "arp",	     "bridge",	"cgroup",
		"chain",     "comment",	 "comp",      "constant", "continue",	 "counter",  "cpu",	"create",
		"ct",	     "day",	 "dccp",      "define",	  "delete",	 "describe", "device",	"devices",
		"dnat",	     "drop",	 "dst",	      "dup",	  "dynamic",	 "ecn",	     "element", "elements",
		"esp",	     "ether",	 "exists",    "expires",  "exthdr",	 "fib",	     "flags",	"flow",
		"flowtable", "flush",	 "frag",      "fwd",	  "gc-interval", "get",	     "goto",	"handle",
		"hbh",	     "hook",	 "hour",      "ibriport", "ibrname",	 "icmp",     "icmpv6",	"igmp",
		"iif",	     "iifgroup", "iifname",   "iiftype",  "include",	 "index",    "inet",	"insert",
		"interval",  "ip",	 "ip6",	      "ipsec",	  "jhash",	 "jump",     "limit",	"list",
		"log",	     "lt",	 "map",	      "mark",	  "masquerade",	 "meta",     "meter",	"mh",
		"missing",   "monitor",	 "ne",	      "netdev",	  "nftrace",	 "not",	     "notrack", "numgen",
		"obriport",  "obrname",	 "offload",   "oif",	  "oifgroup",	 "oifname",  "oiftype", "or",
		"osf",	     "pkttype",	 "policy",    "position", "priority",	 "queue",    "quota",	"random",
		"redefine",  "redirect", "reject",    "rename",	  "replace",	 "reset",    "return",	"rt",
		"rt0",	     "rt2",	 "rtclassid", "rule",	  "ruleset",	 "sctp",     "secmark", "set",
		"size",	     "skgid",	 "skuid",     "snat",	  "socket",	 "srh",	     "symhash", "synproxy",
		"table",     "tcp",	 "th",	      "time",	  "timeout",	 "tproxy",   "type",	"typeof",
		"udp",	     "udplite",	 "undefine",  "update",	  "vlan",	 "vmap",     "xt",
	};

	if ((*name >= '0' && *name <= '9') || *name == '-')
		return false;
	return bsearch(name, words, sizeof(words) / sizeof(words[0]), sizeof(words[0]), compare) == NULL;
}
