/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_OTHERS_H
#define CGTPROXY_NFT_OTHERS_H

#include "nft/nft.h"

#include <stdint.h>

/* What other tables of this network namespace do that keeps steered traffic from getting where it should. */

enum obstacle_kind {
	OBSTACLE_MARK,	       /* sets marks of outgoing packets behind our chain: they may be routed past the proxy */
	OBSTACLE_NOTRACK,      /* keeps packets from connection tracking: answers can't be told from other traffic */
	OBSTACLE_INPUT_POLICY, /* drops what it does not know, and knows nothing of the loopback interface */
	OBSTACLE_ANSWERS,      /* drops what comes from elsewhere to an address unless it comes by one interface */
};

enum {
	OTHERS_NAME_SIZE = 256, /* include/uapi/linux/netfilter/nf_tables.h, NFT_NAME_MAXLEN, as of tables and chains */
};

/** A chain that is in the way. The names are others': escape them where they are shown. */
struct obstacle {
	enum obstacle_kind kind;
	const char *family; /* as nft names it */
	const char *table;
	const char *chain;
};

/**
 * Looks for obstacles in all tables but ours. Rules of the older iptables (legacy) can't be seen so.
 *
 * @tell: called for each chain that is one
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int nft_find_obstacles(struct nft *nft, void (*tell)(const struct obstacle *obstacle, void *userdata), void *userdata);

#endif
