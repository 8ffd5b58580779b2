/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_NAMES_H
#define CGTPROXY_ENGINE_NAMES_H

#include "config/config.h"

/* What the parts of our table are called, see cgtproxy(8), and the bits of its flows' labels. */

#define MAP_CGROUP "cgroup-vmap"
#define MAP_MARK "mark-vmap"
#define MAP_MARK_DNS "mark-dns-vmap"
#define SET_BYPASS "bypass"
#define SET_BYPASS6 "bypass6"
#define CHAIN_OUTPUT_MANGLE "output-mangle"
#define CHAIN_OUTPUT_NAT "output-nat"
#define CHAIN_PREROUTING "prerouting"
#define CHAIN_DROP "DROP-CHAIN"
#define CHAIN_PROXY_PREFIX "proxy-" /* in front of the proxy's name, as the next two; also of its counter and set */
#define CHAIN_TPROXY_PREFIX "tproxy-"
#define CHAIN_DNS_PREFIX "dns-"
#define CHAIN_STEER "STEER-CHAIN"
#define CHAIN_REFUSE "REFUSE-CHAIN"
#define CHAIN_ORPHAN "ORPHAN-CHAIN"
#define CHAIN_UNMARKED "UNMARKED-CHAIN"
#define CHAIN_POSTROUTING "postrouting-fence"
#define CHAIN_FENCE "FENCE-CHAIN"
#define CHAIN_OTHER_MARK "OTHER-MARK-CHAIN"

enum {
	/*
	 * Bits of a flow's conntrack label; others' ct marks are left to them, and labels are rare. One for each proxy
	 * that the flow may be steered to, from the first downward, so that the low ones are left to others.
	 */
	LABEL_FIRST_PROXY = 127,
	LABEL_FOREIGN = LABEL_FIRST_PROXY - PROXIES_MAX, /* began here, from an address not this host's, unsteered */
	LABEL_HIJACKED = LABEL_FOREIGN - 1,		 /* DNS that was redirected by us */
	LABEL_STEERED = LABEL_HIJACKED - 1,		 /* to whichever proxy */
};

#endif
