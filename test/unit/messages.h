/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_MESSAGES_H
#define CGTPROXY_TEST_UNIT_MESSAGES_H

/* Parses a batch like the kernel: message by message, attribute by attribute. */

#include "unit.h"

#include "nft/batch.h"
#include "nft/ruleset.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

enum { TYPE_BRACKET = -1 };

struct messages {
	const struct nlmsghdr **items;
	size_t count;
};

/** Returns the type NFT_MSG_* of a message, or TYPE_BRACKET for those that begin and end a batch. */
static inline int type_of(const struct nlmsghdr *message)
{
	return NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_NFTABLES ? NFNL_MSG_TYPE(message->nlmsg_type)
									   : TYPE_BRACKET;
}

static inline bool message_is(const struct nlmsghdr *message, int type)
{
	return type_of(message) == type;
}

/* Attributes, also nested ones, fill their space to the last byte. */
static inline void check_attributes(const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		const struct nlattr *attribute = (const struct nlattr *)(const void *)(bytes + at);

		assert_true(length - at >= sizeof(*attribute));
		assert_within(attribute->nla_len, sizeof(*attribute), length - at);
		if (attribute->nla_type & NLA_F_NESTED)
			check_attributes(bytes + at + sizeof(*attribute), attribute->nla_len - sizeof(*attribute));
		at += MNL_ALIGN(attribute->nla_len);
	}
	assert_int_equal(at, length);
}

/** Checks the form of all messages of a batch, and lists them; clear the list with messages_clear(). */
static inline struct messages read_messages(const struct batch *batch)
{
	struct messages messages = {0};
	size_t at = 0;

	messages.items = calloc(batch->sequence + 1, sizeof(struct nlmsghdr *));
	assert_non_null(messages.items);
	while (at < batch->length) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)(batch->buffer + at);
		const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);

		assert_true(batch->length - at >= sizeof(*message) + sizeof(*head));
		assert_within(message->nlmsg_len, sizeof(*message) + sizeof(*head), batch->length - at);
		assert_true(message->nlmsg_len <= BATCH_MESSAGE_MAX);
		if (type_of(message) != TYPE_BRACKET) {
			assert_int_equal(head->nfgen_family, NFPROTO_INET);
			check_attributes(mnl_nlmsg_get_payload_offset(message, sizeof(*head)),
					 message->nlmsg_len - sizeof(*message) - sizeof(*head));
		}
		assert_true(messages.count < batch->sequence);
		messages.items[messages.count++] = message;
		at += MNL_ALIGN(message->nlmsg_len);
	}
	assert_int_equal(at, batch->length);
	return messages;
}

static inline void messages_clear(struct messages *messages)
{
	free(messages->items);
	*messages = (struct messages){0};
}

static inline void assert_message_is(const struct nlmsghdr *message, int type)
{
	assert_int_equal(type_of(message), type);
}

static inline const struct nlattr *attribute_of(const struct nlmsghdr *message, int type)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attribute) == type)
			return attribute;
	}
	fail_msg("no attribute %d", type);
	return NULL;
}

static inline const struct nlattr *find_nested(const struct nlattr *nest, int type)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each_nested(attribute, nest)
	{
		if (mnl_attr_get_type(attribute) == type)
			return attribute;
	}
	return NULL;
}

static inline const struct nlattr *nested(const struct nlattr *nest, int type)
{
	const struct nlattr *attribute = find_nested(nest, type);

	assert_non_null(attribute);
	return attribute;
}

static inline void assert_verdict(const struct nlattr *attribute, const struct verdict *verdict)
{
	const struct nlattr *chain = find_nested(attribute, NFTA_VERDICT_CHAIN);
	int32_t code = (int32_t)ntohl(mnl_attr_get_u32(nested(attribute, NFTA_VERDICT_CODE)));

	if (verdict->kind != VERDICT_GOTO) {
		assert_int_equal(code, verdict->kind == VERDICT_RETURN ? NFT_RETURN : NFT_CONTINUE);
		assert_null(chain);
		return;
	}
	assert_int_equal(code, NFT_GOTO);
	assert_non_null(chain);
	assert_int_equal(mnl_attr_get_payload_len(chain), strlen(verdict->chain) + 1);
	assert_string_equal(mnl_attr_get_str(chain), verdict->chain);
}

/** Counts the elements that are added to a set, in all messages. */
static inline bool message_is_of_set(const struct nlmsghdr *message, const char *set)
{
	return strcmp(mnl_attr_get_str(attribute_of(message, NFTA_SET_ELEM_LIST_SET)), set) == 0;
}

static inline size_t count_elements_of(const struct messages *messages, const char *set)
{
	size_t count = 0;

	for (size_t i = 0; i < messages->count; i++) {
		const struct nlattr *element = NULL;

		if (!message_is(messages->items[i], NFT_MSG_NEWSETELEM) || !message_is_of_set(messages->items[i], set))
			continue;
		mnl_attr_for_each_nested(element, attribute_of(messages->items[i], NFTA_SET_ELEM_LIST_ELEMENTS))
			count++;
	}
	return count;
}

#endif
