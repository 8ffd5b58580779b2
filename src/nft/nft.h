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

/** A connection to nf_tables in the current network namespace, and what it owns there. */
struct nft {
	struct netlink netlink; /* its port identifies an owner to the kernel */
	size_t send_buffer;	/* capacity for a transaction in bytes; 0: not queried yet */
	bool persistent_owner;	/* the kernel supports tables that outlive their owner (6.9) */
	uint32_t commits;	/* transactions committed by this connection */
	uint32_t others;	/* those of all others, as last counted by nft_others_committed() */
};

/** The state of a table in the kernel. */
struct table_state {
	bool exists;
	uint32_t flags; /* TABLE_* of table.h */
	uint32_t owner; /* netlink port id; 0: nobody */
};

/**
 * Opens the connection.
 *
 * @nft: zeroed; to be closed with nft_close() whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_open(struct nft *nft, struct error *error);

/**
 * Makes this connection the only one in its network namespace that steers traffic, until it is closed.
 *
 * From Linux 6.9 on, our table itself has an owner and persists. On older kernels an owned table is removed with its
 * owner, which ours must not be; there a second, empty table, TABLE_NAME-lock, is owned instead.
 *
 * Returns 0, -EBUSY with @error naming the process that was first, -EPERM without CAP_NET_ADMIN, or another negative
 * errno.
 */
int nft_acquire(struct nft *nft, struct error *error);

/**
 * Sends a batch. With batch_end(), the kernel commits it as a whole or not at all; without, it only validates.
 *
 * Returns 0 or a negative errno with @error, which names the part of the batch that was refused.
 */
int nft_send(struct nft *nft, struct batch *batch, struct error *error);

/** Buffer for a request with up to two names of 256 bytes. */
struct nft_request {
	char buffer[1024] __attribute__((aligned(8)));
};

/**
 * Begins a request of family inet, for netlink_request().
 *
 * @type:  NFT_MSG_GET*
 * @flags: NLM_F_DUMP for all, or NLM_F_ACK
 *
 * Returns the message, to which attributes may be added with libmnl.
 */
struct nlmsghdr *nft_request_begin(struct nft_request *request, uint16_t type, uint16_t flags);

/**
 * Lists objects of our table.
 *
 * @type: NFT_MSG_GET*, where attribute 1 is the name of the table and attribute 2 that of the chain or set
 * @name: of the chain or set whose contents to list, or NULL
 * @note: libmnl's callback for each message, with @data
 *
 * Returns what netlink_request() does.
 */
int nft_list(struct nft *nft, uint16_t type, const char *name, mnl_cb_t note, void *data);

/**
 * Returns whether other connections have changed anything in nftables, in any table, since the last call. The kernel
 * counts all transactions, this connection its own.
 *
 * Returns 1 (also on the first call), 0, or a negative errno.
 */
int nft_others_committed(struct nft *nft);

/**
 * Queries a table.
 *
 * Returns 0 (also when there is no such table) or a negative errno with @error.
 */
int nft_query_table(struct nft *nft, const char *table, struct table_state *state, struct error *error);

/**
 * Finds the connection that steers the traffic of this network namespace.
 *
 * @table: the state of our table, from nft_query_table()
 * @port:  set to its netlink port id, or 0 when there is none
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_find_owner(struct nft *nft, const struct table_state *table, uint32_t *port, struct error *error);

/**
 * Takes ownership of our table where a previous run left it, because only the owner may change an owned table. This is
 * a separate transaction: the kernel refuses to add a base chain in the same one (nf_tables_addchain).
 *
 * @state: of our table, from nft_query_table()
 *
 * Returns 0 (also when there is nothing to adopt), -EBUSY when it has another owner, or another negative errno, with
 * @error.
 */
int nft_adopt(struct nft *nft, const struct table_state *state, struct error *error);

/**
 * Returns whether a table has the flags that ours has on this kernel, or will have them once adopted. They can't be
 * changed otherwise.
 */
bool nft_can_change(const struct nft *nft, const struct table_state *state);

/** Returns the flags that our table has on this kernel, once nft_acquire() was called. */
uint32_t nft_table_flags(const struct nft *nft);

/**
 * Removes our table if it exists.
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_remove_table(struct nft *nft, struct error *error);

/** Closes the connection; the table stays, without an owner. */
void nft_close(struct nft *nft);

#endif
