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

/** Closes the connection; the table stays, without an owner. */
void nft_close(struct nft *nft);

#endif
