/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/nft.h"

#include "nft/attributes.h"
#include "nft/ruleset.h"
#include "util/language.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int no_permission(struct error *error)
{
	return error_set(error, -EPERM,
			 "no permission to change nftables: this needs the capability CAP_NET_ADMIN. Run cgtproxy as "
			 "root, or as a systemd service with AmbientCapabilities=CAP_NET_ADMIN");
}

int nft_open(struct nft *nft, struct error *error)
{
	int result = netlink_open(&nft->netlink, NETLINK_NETFILTER, 0);

	if (result < 0)
		return error_set(error, result,
				 "can't open a netlink socket to nftables: %s. Is the kernel built with "
				 "nf_tables (module nf_tables)?",
				 strerror(-result));
	/* errors with a text and without a copy of the request; both are optional */
	netlink_set(&nft->netlink, NETLINK_EXT_ACK, 1);
	netlink_set(&nft->netlink, NETLINK_CAP_ACK, 1);
	return 0;
}

void nft_close(struct nft *nft)
{
	netlink_close(&nft->netlink);
}

/* The kernel's error text, if there is one (NETLINK_EXT_ACK). */
static const char *kernel_text(const struct nlmsghdr *message, const struct nlmsgerr *reply)
{
	size_t offset = sizeof(*reply);
	const struct nlattr *attribute = NULL;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(reply->msg.nlmsg_len) - sizeof(struct nlmsghdr);
	if (offset > mnl_nlmsg_get_payload_len(message))
		return NULL;
	mnl_attr_for_each (attribute, message, offset) {
		if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attribute);
	}
	return NULL;
}

static int explain_refusal(const struct batch *batch, const struct nlmsghdr *message, const struct nlmsgerr *reply,
			   struct error *error)
{
	const char *text = kernel_text(message, reply);
	char subject[256];

	if (reply->error == -EPERM && reply->msg.nlmsg_seq == BATCH_SEQUENCE_BEGIN)
		return no_permission(error);
	batch_describe(batch, reply->msg.nlmsg_seq, subject, sizeof(subject));
	return error_set(error, reply->error, "the kernel rejected %s: %s%s%s", subject, strerror(-reply->error),
			 text != NULL ? _(": ") : "", text != NULL ? text : "");
}

struct replies {
	const struct batch *batch;
	bool acknowledged;
	int result; /* 0, or the first error */
	struct error *error;
};

static void take_replies(struct replies *replies, const char *buffer, size_t length)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
	int left = (int)length;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		const struct nlmsgerr *reply = mnl_nlmsg_get_payload(message);

		if (message->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(message) < sizeof(*reply))
			continue;
		if (reply->error == 0)
			replies->acknowledged = true;
		else if (replies->result == 0)
			replies->result = explain_refusal(replies->batch, message, reply, replies->error);
	}
}

/*
 * All replies to a batch are in the socket's queue when sendto() returns (nfnetlink_rcv_batch ends with
 * nfnl_err_deliver), so there is nothing to wait for, and there may be many.
 */
static int receive_replies(struct nft *nft, const struct batch *batch, struct error *error)
{
	char buffer[NETLINK_RECEIVE_SIZE] __attribute__((aligned(8)));
	struct replies replies = {.batch = batch, .error = error};
	ssize_t length = 0;

	while ((length = netlink_receive(&nft->netlink, buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0)
		take_replies(&replies, buffer, (size_t)length);
	if (length != -EAGAIN) {
		netlink_drain(&nft->netlink);
		return error_set(error, (int)length, "can't read nftables' reply: %s", strerror((int)-length));
	}
	if (replies.result == 0 && !replies.acknowledged)
		return error_set(error, -EIO, "nftables did not acknowledge the transaction");
	return replies.result;
}

/* Usable size of the send buffer: the kernel reserves half of it for its bookkeeping (socket(7)). */
static size_t send_buffer(int fd)
{
	int size = 0;
	socklen_t length = sizeof(size);

	return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0 ? (size_t)size / 2 : 0;
}

/* A transaction is one datagram, so it must fit the send buffer; a sysctl limits the unprivileged option. */
static void fit_send_buffer(struct nft *nft, size_t length)
{
	int fd = netlink_fd(&nft->netlink);
	int wanted = (int)length + NETLINK_RECEIVE_SIZE;

	if (nft->send_buffer == 0)
		nft->send_buffer = send_buffer(fd);
	if (nft->send_buffer >= (size_t)wanted)
		return;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
	nft->send_buffer = send_buffer(fd);
}

/* Requests an acknowledgement of one message, the first after the opening one: it arrives when all is done. */
static bool request_acknowledgement(struct batch *batch)
{
	struct nlmsghdr *begin = (struct nlmsghdr *)batch->buffer;
	struct nlmsghdr *first = NULL;

	if (batch->length <= MNL_ALIGN(begin->nlmsg_len))
		return false;
	first = (struct nlmsghdr *)(batch->buffer + MNL_ALIGN(begin->nlmsg_len));
	first->nlmsg_flags |= NLM_F_ACK;
	return true;
}

int nft_send(struct nft *nft, struct batch *batch, struct error *error)
{
	int result = 0;

	if (batch->failed)
		return error_set(error, -ENOMEM, "no memory for an nftables transaction of %zu bytes", batch->length);
	if (!request_acknowledgement(batch))
		return 0;
	fit_send_buffer(nft, batch->length);
	result = netlink_send(&nft->netlink, batch->buffer, batch->length);
	if (result < 0)
		return error_set(error, result, "can't send nftables a transaction of %zu bytes: %s", batch->length,
				 strerror(-result));
	result = receive_replies(nft, batch, error);
	nft->commits += result == 0 && batch->ends;
	return result;
}

static int read_generation(const struct nlmsghdr *message, void *data)
{
	uint32_t *number = data;
	struct attributes generation;

	attributes_of_message(&generation, message);
	attribute_u32(generation.of[NFTA_GEN_ID], number);
	return MNL_CB_OK;
}

int nft_others_committed(struct nft *nft)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, NFT_MSG_GETGEN, NLM_F_ACK);
	const uint32_t before = nft->others;
	uint32_t generation = 0;
	int result = netlink_request(&nft->netlink, message, read_generation, &generation);

	if (result < 0)
		return result;
	nft->others = generation - nft->commits;
	return nft->others != before;
}

struct nlmsghdr *nft_request_begin(struct nft_request *request, uint16_t type, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(request->buffer, type, NFPROTO_INET, flags, 0);
}

int nft_list(struct nft *nft, uint16_t type, const char *name, mnl_cb_t note, void *data)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, type, NLM_F_DUMP);

	mnl_attr_put_strz(message, NFTA_SET_TABLE, TABLE_NAME);
	if (name != NULL)
		mnl_attr_put_strz(message, NFTA_SET_NAME, name);
	return netlink_request(&nft->netlink, message, note, data);
}

static int read_table(const struct nlmsghdr *message, void *data)
{
	struct table_state *state = data;
	struct attributes table;

	attributes_of_message(&table, message);
	state->exists = true;
	attribute_u32(table.of[NFTA_TABLE_FLAGS], &state->flags);
	attribute_u32(table.of[NFTA_TABLE_OWNER], &state->owner);
	return MNL_CB_OK;
}

int nft_query_table(struct nft *nft, const char *table, struct table_state *state, struct error *error)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, NFT_MSG_GETTABLE, NLM_F_ACK);
	int result = 0;

	*state = (struct table_state){0};
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	result = netlink_request(&nft->netlink, message, read_table, state);
	if (result == -EPERM)
		return no_permission(error);
	if (result < 0 && result != -ENOENT)
		return error_set(error, result, "can't query nftables for the table %s: %s", table, strerror(-result));
	return 0;
}
