/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_NFT_H
#define CGTPROXY_NFT_NFT_H

#include "nft/batch.h"
#include "util/error.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A connection to nf_tables of the current network namespace, and what it owns there. */
struct nft {
	struct netlink netlink; /* by its port the kernel knows an owner */
	size_t send_buffer;	/* so many bytes of a transaction fit; 0: not asked yet */
	bool persistent_owner;	/* the kernel has tables that outlive their owner (6.9) */
	uint32_t commits;	/* transactions of this connection that were carried out */
	uint32_t others;	/* those of all others, as nft_others_committed() counted them last */
};

/** What the kernel says of a table. */
struct table_state {
	bool exists;
	uint32_t flags; /* TABLE_* of table.h */
	uint32_t owner; /* netlink port id; 0: nobody */
};

/**
 * Opens the connection.
 *
 * @nft: zeroed; nft_close() it whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_open(struct nft *nft, struct error *error);

/**
 * Makes this connection the only one of its network namespace that steers traffic, until it is closed.
 *
 * From Linux 6.9 on our table itself has an owner and persists. Before, an owned table ends with its owner, which ours
 * must not do; there an empty second table, TABLE_NAME-lock, has the owner.
 *
 * Returns 0, -EBUSY with @error naming the process that was first, -EPERM without CAP_NET_ADMIN, or another negative
 * errno.
 */
int nft_acquire(struct nft *nft, struct error *error);

/**
 * Sends a batch. With batch_end() in it the kernel carries it out as a whole or not at all; without, it only checks.
 *
 * Returns 0 or a negative errno with @error, which says which part of the batch was refused.
 */
int nft_send(struct nft *nft, struct batch *batch, struct error *error);

/** A message that asks for something, by up to two names of 256 bytes. */
struct nft_request {
	char buffer[1024] __attribute__((aligned(8)));
};

/**
 * Begins a request of family inet, for netlink_request().
 *
 * @type:  NFT_MSG_GET*
 * @flags: NLM_F_DUMP for all there are, or NLM_F_ACK
 *
 * Returns the message, to which attributes may be added with libmnl.
 */
struct nlmsghdr *nft_request_begin(struct nft_request *request, uint16_t type, uint16_t flags);

/**
 * Lists what our table has.
 *
 * @type: NFT_MSG_GET* of which the names are attributes 1 and 2: the table, and the chain or set
 * @name: of the chain or set to list the content of, or NULL
 * @note: libmnl's callback for each message, with @data
 *
 * Returns what netlink_request() does.
 */
int nft_list(struct nft *nft, uint16_t type, const char *name, mnl_cb_t note, void *data);

/**
 * Asks whether other connections have changed anything in nftables, whosever table it was, since it was asked last. The
 * kernel counts all transactions, and this connection its own.
 *
 * Returns 1, also the first time, 0, or a negative errno.
 */
int nft_others_committed(struct nft *nft);

/**
 * Asks for a table.
 *
 * Returns 0 (also when there is no such table) or a negative errno with @error.
 */
int nft_query_table(struct nft *nft, const char *table, struct table_state *state, struct error *error);

/**
 * Finds out which connection steers the traffic of this network namespace.
 *
 * @table: the state of our table, from nft_query_table()
 * @port:  set to its netlink port id, or 0 when there is none
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_find_owner(struct nft *nft, const struct table_state *table, uint32_t *port, struct error *error);

/**
 * Makes our table this connection's where a run that has ended left it, because only its owner may change an owned
 * table. It takes a transaction of its own: the kernel takes no new base chain together with it (nf_tables_addchain).
 *
 * @state: of our table, from nft_query_table()
 *
 * Returns 0 (also when there is nothing to adopt), -EBUSY when it has another owner, or another negative errno, with
 * @error.
 */
int nft_adopt(struct nft *nft, const struct table_state *state, struct error *error);

/**
 * Returns whether a table has the flags that ours has on this kernel, or has them once it is adopted. The kernel lets
 * nobody change them.
 */
bool nft_can_change(const struct nft *nft, const struct table_state *state);

/** Returns the flags that our table has on this kernel, once nft_acquire() was called. */
uint32_t nft_table_flags(const struct nft *nft);

/**
 * Removes our table, if there is one.
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_remove_table(struct nft *nft, struct error *error);

/** Closes the connection; the table stays, without an owner. */
void nft_close(struct nft *nft);

#endif
