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

/* What other tables of this network namespace do that keeps steered traffic from reaching its target. */

enum obstacle_kind {
	/* sets marks of outgoing packets after our chain, or possibly after it: they may bypass the proxy */
	OBSTACLE_MARK,
	OBSTACLE_NOTRACK,	/* disables connection tracking: replies can't be told from other traffic */
	OBSTACLE_INPUT_POLICY,	/* drops by default, without a rule that accepts the loopback interface */
	OBSTACLE_ANSWERS,	/* drops packets from elsewhere to an address unless they arrive on one interface */
	OBSTACLE_GATEWAY_INPUT, /* drops all that it has no rule for, and has none for what other hosts send */
};

enum {
	OTHERS_NAME_SIZE = 256, /* include/uapi/linux/netfilter/nf_tables.h, NFT_NAME_MAXLEN, as of tables and chains */
	OBSTACLE_HANDLES_MAX = 8,
};

/** A chain that interferes. The names are foreign: escape them for display. */
struct obstacle {
	enum obstacle_kind kind;
	const char *family; /* as nft names it */
	const char *table;
	const char *chain;
	bool drops_the_rest;	 /* by its policy */
	uint64_t marks;		 /* OBSTACLE_MARK: of packets with these, as a set of indexes into the given marks */
	const uint64_t *handles; /* OBSTACLE_NOTRACK: of the first few of the rules */
	size_t handle_count;
};

/** A scan of foreign tables in progress. A host may have tens of thousands of rules, so they are read in chunks. */
struct others;

/**
 * Starts reading all tables except ours. Rules of legacy iptables are not visible this way.
 *
 * @others:  set; to be freed with others_free() whatever this returns
 * @nft:     not to be used otherwise until all is read or reading has failed; owned by the caller
 * @marks:   of what this host sends
 * @gateway: of what other hosts send; NULL if nothing of it is steered
 *
 * Returns 0 or a negative errno.
 */
int others_begin(struct others **others, struct nft *nft, const struct steered_marks *marks,
		 const struct fwmark *gateway);

/**
 * Reads one datagram of the kernel's answer, some 32 KiB. It is already available, so this doesn't block. Concurrent
 * changes may be missed.
 *
 * Returns 1 while there is more, 0 when all is read, -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int others_read(struct others *others);

/**
 * Reports each chain that is an obstacle, once all is read.
 *
 * @tell: its argument is valid until it returns
 */
void others_tell(const struct others *others, void (*tell)(const struct obstacle *obstacle, void *userdata),
		 void *userdata);

void others_free(struct others *others);

DEFINE_CLEANUP(struct others *, others_free)

#endif
