/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_BATCH_H
#define CGTPROXY_NFT_BATCH_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The messages of one nftables transaction, in one buffer, because the kernel takes a transaction as one datagram
 * (net/netfilter/nfnetlink.c, nfnetlink_rcv_batch). A batch that ran out of memory remembers it and is refused when it
 * is sent, so that nobody need check each message.
 */
struct batch {
	char *buffer;
	size_t length;
	size_t capacity;
	uint32_t sequence;	 /* of the last message; the first is BATCH_SEQUENCE_BEGIN */
	uint32_t anonymous_sets; /* made so far, each with an id of its own */
	bool ends;		 /* with the message that commits the transaction */
	bool failed;
};

enum {
	BATCH_SEQUENCE_BEGIN = 1,
	/* A netlink attribute's length has 16 bits; no message of ours is longer than one full attribute and a head. */
	BATCH_MESSAGE_MAX = 72 * 1024,
};

/** Empties a batch (zeroed at first), keeps its memory, and writes the message that opens a transaction. */
void batch_begin(struct batch *batch);

/**
 * Begins a message of nf_tables, family inet.
 *
 * @type:  NFT_MSG_* of linux/netfilter/nf_tables.h
 * @flags: NLM_F_* besides NLM_F_REQUEST
 *
 * Returns the message, to which up to BATCH_MESSAGE_MAX bytes may be added with libmnl or libnftnl before
 * batch_finish(); NULL without memory.
 */
struct nlmsghdr *batch_message(struct batch *batch, uint16_t type, uint16_t flags);

/** Ends the message that batch_message() began. */
void batch_finish(struct batch *batch, const struct nlmsghdr *message);

/** Writes the message that commits the transaction. Without it the kernel checks the messages and forgets them. */
void batch_end(struct batch *batch);

/**
 * Says what a message is about, for an error: "a rule of the chain prerouting".
 *
 * @sequence: of the message
 * @out:      @size bytes
 */
void batch_describe(const struct batch *batch, uint32_t sequence, char *out, size_t size);

/** Frees the batch's memory; it may be used again. */
void batch_clear(struct batch *batch);

#endif
