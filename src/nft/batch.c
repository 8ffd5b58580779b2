/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/batch.h"

#include "util/array.h"
#include "util/language.h"

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *room_for_message(struct batch *batch)
{
	char *buffer = array_reserve(batch->buffer, &batch->capacity, batch->length + BATCH_MESSAGE_MAX, 1);

	if (buffer == NULL) {
		batch->failed = true;
		return NULL;
	}
	batch->buffer = buffer;
	return buffer + batch->length;
}

static void put_bracket(struct batch *batch, struct nlmsghdr *(*build)(char *, uint32_t))
{
	char *room = room_for_message(batch);

	if (room != NULL)
		batch_finish(batch, build(room, ++batch->sequence));
}

void batch_begin(struct batch *batch)
{
	batch->length = 0;
	batch->sequence = BATCH_SEQUENCE_BEGIN - 1;
	batch->anonymous_sets = 0;
	batch->ends = false;
	batch->failed = false;
	put_bracket(batch, nftnl_batch_begin);
}

struct nlmsghdr *batch_message(struct batch *batch, uint16_t type, uint16_t flags)
{
	char *room = room_for_message(batch);

	if (room == NULL)
		return NULL;
	return nftnl_nlmsg_build_hdr(room, type, NFPROTO_INET, flags, ++batch->sequence);
}

void batch_finish(struct batch *batch, const struct nlmsghdr *message)
{
	batch->length += MNL_ALIGN(message->nlmsg_len);
}

void batch_end(struct batch *batch)
{
	put_bracket(batch, nftnl_batch_end);
	batch->ends = true;
}

static const struct nlmsghdr *find_message(const struct batch *batch, uint32_t sequence)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)batch->buffer;
	int left = (int)batch->length;

	while (mnl_nlmsg_ok(message, left)) {
		if (message->nlmsg_seq == sequence)
			return message;
		message = mnl_nlmsg_next(message, &left);
	}
	return NULL;
}

static const char *string_attribute(const struct nlmsghdr *message, uint16_t type)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attribute) == type)
			return mnl_attr_get_str(attribute);
	}
	return "?";
}

static void describe(const struct nlmsghdr *message, char *out, size_t size)
{
	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		snprintf(out, size, _("the table %s"), string_attribute(message, NFTA_TABLE_NAME));
		break;
	case NFT_MSG_DELTABLE:
		snprintf(out, size, _("removing the table %s"), string_attribute(message, NFTA_TABLE_NAME));
		break;
	case NFT_MSG_NEWCHAIN:
		snprintf(out, size, _("the chain %s"), string_attribute(message, NFTA_CHAIN_NAME));
		break;
	case NFT_MSG_DELCHAIN:
		snprintf(out, size, _("removing the chain %s"), string_attribute(message, NFTA_CHAIN_NAME));
		break;
	case NFT_MSG_NEWRULE:
		snprintf(out, size, _("a rule of the chain %s"), string_attribute(message, NFTA_RULE_CHAIN));
		break;
	case NFT_MSG_DELRULE:
		snprintf(out, size, _("removing the rules of the chain %s"),
			 string_attribute(message, NFTA_RULE_CHAIN));
		break;
	case NFT_MSG_NEWSET:
		snprintf(out, size, _("the set %s"), string_attribute(message, NFTA_SET_NAME));
		break;
	case NFT_MSG_DELSET:
		snprintf(out, size, _("removing the set %s"), string_attribute(message, NFTA_SET_NAME));
		break;
	case NFT_MSG_NEWSETELEM:
		snprintf(out, size, _("elements of the set %s"), string_attribute(message, NFTA_SET_ELEM_LIST_SET));
		break;
	case NFT_MSG_DELSETELEM:
		snprintf(out, size, _("removing elements of the set %s"),
			 string_attribute(message, NFTA_SET_ELEM_LIST_SET));
		break;
	case NFT_MSG_NEWOBJ:
		snprintf(out, size, _("the counter %s"), string_attribute(message, NFTA_OBJ_NAME));
		break;
	case NFT_MSG_DELOBJ:
		snprintf(out, size, _("removing the counter %s"), string_attribute(message, NFTA_OBJ_NAME));
		break;
	default:
		break;
	}
}

void batch_describe(const struct batch *batch, uint32_t sequence, char *out, size_t size)
{
	const struct nlmsghdr *message = find_message(batch, sequence);

	snprintf(out, size, "%s", _("the transaction"));
	if (message != NULL && NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_NFTABLES)
		describe(message, out, size);
}

void batch_clear(struct batch *batch)
{
	free(batch->buffer);
	*batch = (struct batch){0};
}
