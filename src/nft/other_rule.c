/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/other_rule.h"

#include "nft/attributes.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stddef.h>
#include <string.h>

enum { XT_CT_NOTRACK = 1 /* include/uapi/linux/netfilter/xt_CT.h */ };

/* State while the expressions are read one by one. */
struct view {
	struct other_rule *rule;
	const struct steered_marks *marks;
	/* about the value loaded last */
	bool has_interface; /* the input interface */
	bool has_sender;    /* that, or the address of the sender, or the address family */
	bool has_mark;	    /* its bits under mark_mask */
	uint32_t mark_mask;
	bool is_loopback;	/* the rule matches packets from the loopback interface */
	bool asks_address_type; /* local or not; firewalld checks the reverse path instead, which is fine */
};

uint64_t steered_marks_all(const struct steered_marks *marks)
{
	return marks->count < STEERED_MARKS_MAX ? (UINT64_C(1) << marks->count) - 1 : UINT64_MAX;
}

/* A condition on something other than the mark. */
static void note_condition(struct view *view)
{
	view->rule->matches = 0;
	view->rule->is_broad = view->rule->is_broad && view->has_sender;
}

static void read_meta(struct view *view, const struct attributes *meta)
{
	uint32_t key = 0;
	bool is_load = meta->of[NFTA_META_DREG] != NULL;

	attribute_u32(meta->of[NFTA_META_KEY], &key);
	view->has_interface = is_load && (key == NFT_META_IIF || key == NFT_META_IIFNAME);
	view->has_sender = view->has_interface || (is_load && key == NFT_META_NFPROTO);
	view->has_mark = is_load && key == NFT_META_MARK;
	view->mark_mask = UINT32_MAX;
	if (meta->of[NFTA_META_SREG] != NULL && key == NFT_META_MARK)
		view->rule->sets_mark = view->rule->may_match;
}

/* A load of the sender's address, or of anything else, by itself no condition. */
static void read_payload(struct view *view, const struct attributes *payload)
{
	uint32_t base = 0;
	uint32_t offset = 0;

	view->has_interface = false;
	view->has_mark = false;
	view->has_sender = attribute_u32(payload->of[NFTA_PAYLOAD_BASE], &base) &&
			   attribute_u32(payload->of[NFTA_PAYLOAD_OFFSET], &offset) &&
			   ((base == NFT_PAYLOAD_NETWORK_HEADER && (offset == offsetof(struct iphdr, saddr) ||
								    offset == offsetof(struct ip6_hdr, ip6_src))) ||
			    (base == NFT_PAYLOAD_LL_HEADER && offset == offsetof(struct ether_header, ether_shost)));
	view->rule->matches = 0;
}

/* Reads a register value, which nf_tables keeps in host byte order, like the mark. */
static bool read_value(const struct nlattr *nest, uint32_t *value)
{
	struct attributes data;
	const struct nlattr *attribute = NULL;

	attributes_of_nest(&data, nest);
	attribute = data.of[NFTA_DATA_VALUE];
	if (attribute == NULL || mnl_attr_get_payload_len(attribute) != sizeof(*value))
		return false;
	memcpy(value, mnl_attr_get_payload(attribute), sizeof(*value));
	return true;
}

static void read_bitwise(struct view *view, const struct attributes *bitwise)
{
	uint32_t flipped = 0;
	uint32_t operation = NFT_BITWISE_MASK_XOR;

	attribute_u32(bitwise->of[NFTA_BITWISE_OP], &operation);
	view->has_interface = false;
	view->has_mark = view->has_mark && operation == NFT_BITWISE_MASK_XOR &&
			 read_value(bitwise->of[NFTA_BITWISE_MASK], &view->mark_mask) &&
			 read_value(bitwise->of[NFTA_BITWISE_XOR], &flipped) && flipped == 0;
}

/* Only the bits of a packet's mark under our mask are known. */
static void compare_mark(struct view *view, uint32_t operation, uint32_t value)
{
	const struct fwmark compared = {.value = value, .mask = view->mark_mask};
	uint64_t may_be_equal = 0;
	uint64_t is_equal = 0;

	for (size_t i = 0; i < view->marks->count; i++) {
		may_be_equal |= (uint64_t)fwmark_overlaps(&compared, &view->marks->items[i]) << i;
		is_equal |= (uint64_t)fwmark_covers(&compared, &view->marks->items[i]) << i;
	}
	view->rule->may_match &= operation == NFT_CMP_EQ ? may_be_equal : ~is_equal;
	view->rule->matches &= operation == NFT_CMP_EQ ? is_equal : ~may_be_equal;
}

static bool is_loopback(const struct nlattr *nest)
{
	static const uint32_t index = 1;
	struct attributes data;
	const char *bytes = NULL;
	size_t length = 0;

	attributes_of_nest(&data, nest);
	if (data.of[NFTA_DATA_VALUE] == NULL)
		return false;
	bytes = mnl_attr_get_payload(data.of[NFTA_DATA_VALUE]);
	length = mnl_attr_get_payload_len(data.of[NFTA_DATA_VALUE]);
	return (length == sizeof(index) && memcmp(bytes, &index, length) == 0) ||
	       (length > 2 && memcmp(bytes, "lo", 3) == 0);
}

static void read_comparison(struct view *view, const struct attributes *comparison)
{
	uint32_t operation = NFT_CMP_NEQ;
	uint32_t value = 0;

	attribute_u32(comparison->of[NFTA_CMP_OP], &operation);
	if (view->has_mark && (operation == NFT_CMP_EQ || operation == NFT_CMP_NEQ) &&
	    read_value(comparison->of[NFTA_CMP_DATA], &value))
		compare_mark(view, operation, value);
	else
		note_condition(view);
	if (view->has_interface && operation == NFT_CMP_EQ && is_loopback(comparison->of[NFTA_CMP_DATA]))
		view->is_loopback = true;
	view->has_interface = false;
}

static void read_immediate(struct view *view, const struct attributes *immediate)
{
	struct other_rule *rule = view->rule;
	struct attributes data;
	uint32_t code = 0;

	attributes_of_nest(&data, immediate->of[NFTA_IMMEDIATE_DATA]);
	if (data.of[NFTA_DATA_VERDICT] == NULL)
		return;
	attributes_of_nest(&data, data.of[NFTA_DATA_VERDICT]);
	if (!attribute_u32(data.of[NFTA_VERDICT_CODE], &code))
		return;
	rule->to = data.of[NFTA_VERDICT_CHAIN];
	rule->ends = code == NF_ACCEPT || code == NF_DROP || (int32_t)code == NFT_RETURN || (int32_t)code == NFT_GOTO;
	rule->accepts_loopback = code == NF_ACCEPT && view->is_loopback;
	rule->may_accept_senders = code == NF_ACCEPT && rule->is_broad && !view->is_loopback;
	rule->drops = code == NF_DROP;
	rule->drops_by_address = code == NF_DROP && view->asks_address_type && !view->is_loopback;
}

/* About something that is no property of the sender. */
static void note_other(struct view *view)
{
	view->has_interface = view->has_sender = view->has_mark = false;
	note_condition(view);
}

/* A target of iptables-nft. */
static void read_target(struct view *view, const struct attributes *target)
{
	const char *name = attribute_text(target->of[NFTA_TARGET_NAME]);
	const struct nlattr *info = target->of[NFTA_TARGET_INFO];
	uint16_t flags = 0;

	if (name != NULL && strcmp(name, "REJECT") == 0) {
		view->rule->drops = view->rule->ends = true;
		return;
	}
	note_other(view);
	if (name == NULL)
		return;
	if (strcmp(name, "MARK") == 0 || strcmp(name, "CONNMARK") == 0)
		view->rule->sets_mark = view->rule->may_match;
	if (info != NULL && mnl_attr_get_payload_len(info) >= sizeof(flags))
		memcpy(&flags, mnl_attr_get_payload(info), sizeof(flags));
	if (strcmp(name, "NOTRACK") == 0 || (strcmp(name, "CT") == 0 && (flags & XT_CT_NOTRACK)))
		view->rule->has_notrack = true;
}

static void read_fib(struct view *view, const struct attributes *fib)
{
	uint32_t result = 0;

	note_other(view);
	if (attribute_u32(fib->of[NFTA_FIB_RESULT], &result))
		view->asks_address_type = result == NFT_FIB_RESULT_ADDRTYPE;
}

/* What the elements of a verdict map do is not known. */
static void read_lookup(struct view *view, const struct attributes *lookup)
{
	note_condition(view);
	if (lookup->of[NFTA_LOOKUP_DREG] != NULL)
		view->rule->may_accept_senders = view->rule->is_broad;
}

static void read_reject(struct view *view)
{
	view->rule->drops = view->rule->ends = true;
}

static void read_expression(struct view *view, const char *name, const struct attributes *data)
{
	if (strcmp(name, "meta") == 0)
		read_meta(view, data);
	else if (strcmp(name, "bitwise") == 0)
		read_bitwise(view, data);
	else if (strcmp(name, "cmp") == 0)
		read_comparison(view, data);
	else if (strcmp(name, "immediate") == 0)
		read_immediate(view, data);
	else if (strcmp(name, "target") == 0)
		read_target(view, data);
	else if (strcmp(name, "fib") == 0)
		read_fib(view, data);
	else if (strcmp(name, "payload") == 0)
		read_payload(view, data);
	else if (strcmp(name, "lookup") == 0)
		read_lookup(view, data);
	else if (strcmp(name, "reject") == 0)
		read_reject(view);
	else if (strcmp(name, "notrack") == 0)
		view->rule->has_notrack = true;
	else if (strcmp(name, "counter") != 0)
		note_other(view);
}

void other_rule_read(struct other_rule *rule, const struct nlattr *expressions, const struct steered_marks *marks)
{
	struct view view = {.rule = rule, .marks = marks};
	const struct nlattr *nest = NULL;

	*rule = (struct other_rule){
		.may_match = steered_marks_all(marks), .matches = steered_marks_all(marks), .is_broad = true};
	mnl_attr_for_each_nested(nest, expressions)
	{
		struct attributes expression;
		struct attributes data;
		const char *name = NULL;

		attributes_of_nest(&expression, nest);
		attributes_of_nest(&data, expression.of[NFTA_EXPR_DATA]);
		name = attribute_text(expression.of[NFTA_EXPR_NAME]);
		if (name != NULL)
			read_expression(&view, name, &data);
	}
}
