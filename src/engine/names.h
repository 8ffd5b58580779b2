/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_NAMES_H
#define CGTPROXY_ENGINE_NAMES_H

#include "config/config.h"

/* The names of our table's parts, see cgtproxy(8), and the conntrack label bits of its flows. */

#define MAP_CGROUP "cgroup-vmap"
#define MAP_MARK "mark-vmap"
#define MAP_MARK_DNS "mark-dns-vmap"
#define SET_BYPASS "bypass"
#define SET_BYPASS6 "bypass6"
#define CHAIN_OUTPUT_MANGLE "output-mangle"
#define CHAIN_OUTPUT_NAT "output-nat"
#define CHAIN_PREROUTING "prerouting"
#define CHAIN_DROP "DROP-CHAIN"
#define CHAIN_PROXY_PREFIX "proxy-" /* a prefix of the proxy name, like the next two; also for its counter and set */
#define CHAIN_TPROXY_PREFIX "tproxy-"
#define CHAIN_DNS_PREFIX "dns-"
#define CHAIN_STEER "STEER-CHAIN"
#define CHAIN_REFUSE "REFUSE-CHAIN"
#define CHAIN_ORPHAN "ORPHAN-CHAIN"
#define CHAIN_UNMARKED "UNMARKED-CHAIN"
#define CHAIN_POSTROUTING "postrouting-fence"
#define CHAIN_FENCE "FENCE-CHAIN"
#define CHAIN_OTHER_MARK "OTHER-MARK-CHAIN"
#define CHAIN_PREROUTING_NAT "prerouting-nat"
#define CHAIN_GATEWAY_PREFIX "gateway-" /* likewise, also for its counter; and of the names of maps, like the next */
#define CHAIN_QUESTIONS_PREFIX "questions-"
#define CHAIN_REDIRECT_PREFIX "redirect-" /* no prefix begins with another one */
#define CHAIN_CONTAINER_PREFIX "container-"
#define CHAIN_HIJACK_PREFIX "hijack-"
#define CHAIN_GATEWAY_DROP "GATEWAY-DROP"
#define CHAIN_GATEWAY_REFUSE "GATEWAY-REFUSE"
#define CHAIN_GATEWAY_RULES "GATEWAY-RULES"
#define CHAIN_CONTAINER_DROP "CONTAINER-DROP"
#define CHAIN_CONTAINER_REFUSE "CONTAINER-REFUSE"
#define CHAIN_CONTAINER_BRIDGE "CONTAINER-BRIDGE"
#define CHAIN_REDIRECT_RULES "REDIRECT-RULES"
#define CHAIN_HIJACK_BRIDGE "HIJACK-BRIDGE"
#define MAP_CONTAINER_INTERFACE "container-interface"
#define MAP_CONTAINER_SOURCE "container-source"
#define MAP_CONTAINER_SOURCE6 "container-source6"
#define SET_CONTAINER_ADDRESS "container-address"
#define SET_CONTAINER_ADDRESS6 "container-address6"
#define MAP_HIJACK_INTERFACE "hijack-interface"
#define MAP_HIJACK_SOURCE "hijack-source"
#define MAP_HIJACK_SOURCE6 "hijack-source6"

enum {
	/*
	 * Bits of a flow's conntrack label. Labels, because other programs use ct marks, and rarely labels. One bit per
	 * proxy, counting down from the first, which leaves the low bits to other programs.
	 */
	LABEL_FIRST_PROXY = 127,
	LABEL_FOREIGN = LABEL_FIRST_PROXY - PROXIES_MAX, /* began here, from a foreign address, not steered */
	LABEL_HIJACKED = LABEL_FOREIGN - 1,		 /* DNS that we redirected */
	LABEL_STEERED = LABEL_HIJACKED - 1,		 /* to any proxy, by this host */
	LABEL_GATEWAY = LABEL_STEERED - 1,		 /* to any proxy, by others */
};

#endif
