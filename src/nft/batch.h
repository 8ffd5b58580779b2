/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_BATCH_H
#define CGTPROXY_NFT_BATCH_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The messages of one nftables transaction, in one buffer, because the kernel requires a transaction to be one datagram
 * (net/netfilter/nfnetlink.c, nfnetlink_rcv_batch). A batch that ran out of memory is refused when it is sent, so
 * callers need not check each message.
 */
struct batch {
	char *buffer;
	size_t length;
	size_t capacity;
	uint32_t sequence;	 /* of the last message; the first is BATCH_SEQUENCE_BEGIN */
	uint32_t anonymous_sets; /* added so far; each has its own id */
	bool ends;		 /* has the message that commits the transaction */
	bool failed;
};

enum {
	BATCH_SEQUENCE_BEGIN = 1,
	/* A netlink attribute's length has 16 bits; our messages are at most one full attribute and a header. */
	BATCH_MESSAGE_MAX = 72 * 1024,
};

/**
 * Empties a batch (zeroed before its first use), keeping its memory, and adds the message that begins a transaction.
 */
void batch_begin(struct batch *batch);

/**
 * Begins an nf_tables message of family inet.
 *
 * @type:  NFT_MSG_* of linux/netfilter/nf_tables.h
 * @flags: NLM_F_* besides NLM_F_REQUEST
 *
 * Returns the message, to which up to BATCH_MESSAGE_MAX bytes may be added with libmnl or libnftnl before
 * batch_finish(); NULL when out of memory.
 */
struct nlmsghdr *batch_message(struct batch *batch, uint16_t type, uint16_t flags);

/** Ends the message that batch_message() began. */
void batch_finish(struct batch *batch, const struct nlmsghdr *message);

/** Adds the message that commits the transaction. Without it, the kernel only validates the messages. */
void batch_end(struct batch *batch);

/**
 * Describes a message for an error: "a rule of the chain prerouting".
 *
 * @sequence: of the message
 * @out:      @size bytes
 */
void batch_describe(const struct batch *batch, uint32_t sequence, char *out, size_t size);

/** Frees the batch's memory; the batch can be reused. */
void batch_clear(struct batch *batch);

#endif
