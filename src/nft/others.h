/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_OTHERS_H
#define CGTPROXY_NFT_OTHERS_H

#include "nft/nft.h"
#include "nft/other_rule.h"
#include "util/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What other tables of this network namespace do that keeps steered traffic from getting where it should. */

enum obstacle_kind {
	/* sets marks of outgoing packets behind our chain, or perhaps behind it: they may be routed past the proxy */
	OBSTACLE_MARK,
	OBSTACLE_NOTRACK,      /* keeps packets from connection tracking: answers can't be told from other traffic */
	OBSTACLE_INPUT_POLICY, /* drops what it does not know, and knows nothing of the loopback interface */
	OBSTACLE_ANSWERS,      /* drops what comes from elsewhere to an address unless it comes by one interface */
};

enum {
	OTHERS_NAME_SIZE = 256, /* include/uapi/linux/netfilter/nf_tables.h, NFT_NAME_MAXLEN, as of tables and chains */
	OBSTACLE_HANDLES_MAX = 8,
};

/** A chain that is in the way. The names are others': escape them where they are shown. */
struct obstacle {
	enum obstacle_kind kind;
	const char *family; /* as nft names it */
	const char *table;
	const char *chain;
	bool drops_the_rest;	 /* by its policy */
	uint64_t marks;		 /* OBSTACLE_MARK: of packets with these, as an index into the marks that were given */
	const uint64_t *handles; /* OBSTACLE_NOTRACK: of the rules, the first of them */
	size_t handle_count;
};

/** The tables of others, while they are read. A host may have some ten thousand rules, so it goes in pieces. */
struct others;

/**
 * Begins to read all tables but ours. Rules of the older iptables (legacy) can't be seen so.
 *
 * @others: to be set; others_free() it whatever this returns
 * @nft:    for nothing else until all is read, or reading has failed; stays the caller's
 *
 * Returns 0 or a negative errno.
 */
int others_begin(struct others **others, struct nft *nft, const struct steered_marks *marks);

/**
 * Reads one datagram of the kernel's answer, some 32 KiB; it is always there already, so nothing waits. What changes
 * meanwhile may be missed.
 *
 * Returns 1 while there is more, 0 when all is read, -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int others_read(struct others *others);

/**
 * Tells of each chain that is an obstacle, once all is read.
 *
 * @tell: what it is given is valid until it returns
 */
void others_tell(const struct others *others, void (*tell)(const struct obstacle *obstacle, void *userdata),
		 void *userdata);

void others_free(struct others *others);

DEFINE_CLEANUP(struct others *, others_free)

#endif
