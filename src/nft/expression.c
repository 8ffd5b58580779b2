/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From statements to expressions. The sequences are those that nft itself makes of the same rule (nft --debug=netlink),
 * so that "nft list" shows the rule as it is written in ruleset.h.
 */

#include "nft/expression.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

/* linux/if.h and netinet/ip.h know neither; include/net/net_namespace.h: LOOPBACK_IFINDEX */
enum {
	LOOPBACK_INDEX = 1,
	IP_DADDR_OFFSET = 16,
	IP6_DADDR_OFFSET = 24,
	TH_DPORT_OFFSET = 2,
	ANONYMOUS_SET_NAME_SIZE = 16,
	LABELS_SIZE = 16, /* include/net/netfilter/nf_conntrack_labels.h, NF_CT_LABELS_MAX_SIZE */
};

/* Collects expressions; the first failure is remembered and ends all that follows. */
struct builder {
	struct nftnl_rule *rule;
	int error;
};

static struct nftnl_expr *begin(struct builder *builder, const char *name)
{
	struct nftnl_expr *expression = builder->error == 0 ? nftnl_expr_alloc(name) : NULL;

	if (expression == NULL)
		builder->error = -ENOMEM;
	else
		nftnl_rule_add_expr(builder->rule, expression);
	return expression;
}

static void set_data(struct builder *builder, struct nftnl_expr *expression, uint16_t attribute, const void *data,
		     uint32_t size)
{
	if (expression != NULL && nftnl_expr_set(expression, attribute, data, size) < 0)
		builder->error = -ENOMEM;
}

static void set_number(struct nftnl_expr *expression, uint16_t attribute, uint32_t number)
{
	if (expression != NULL)
		nftnl_expr_set_u32(expression, attribute, number);
}

static void load_meta(struct builder *builder, uint32_t key)
{
	struct nftnl_expr *meta = begin(builder, "meta");

	set_number(meta, NFTNL_EXPR_META_KEY, key);
	set_number(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void set_meta_mark(struct builder *builder)
{
	struct nftnl_expr *meta = begin(builder, "meta");

	set_number(meta, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	set_number(meta, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

static void load_ct(struct builder *builder, uint32_t key)
{
	struct nftnl_expr *ct = begin(builder, "ct");

	set_number(ct, NFTNL_EXPR_CT_KEY, key);
	set_number(ct, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

static void load_payload(struct builder *builder, uint32_t base, uint32_t offset, uint32_t length)
{
	struct nftnl_expr *payload = begin(builder, "payload");

	set_number(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
	set_number(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	set_number(payload, NFTNL_EXPR_PAYLOAD_LEN, length);
	set_number(payload, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
}

static void load_cgroup(struct builder *builder, uint32_t level)
{
	struct nftnl_expr *socket = begin(builder, "socket");

	set_number(socket, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
	set_number(socket, NFTNL_EXPR_SOCKET_LEVEL, level);
	set_number(socket, NFTNL_EXPR_SOCKET_DREG, NFT_REG_1);
}

static void compare(struct builder *builder, uint32_t operation, const void *data, uint32_t size)
{
	struct nftnl_expr *cmp = begin(builder, "cmp");

	set_number(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	set_number(cmp, NFTNL_EXPR_CMP_OP, operation);
	set_data(builder, cmp, NFTNL_EXPR_CMP_DATA, data, size);
}

static void compare_byte(struct builder *builder, uint32_t operation, uint8_t byte)
{
	compare(builder, operation, &byte, sizeof(byte));
}

static void mask_data(struct builder *builder, const void *keep, const void *flip, uint32_t size)
{
	struct nftnl_expr *bitwise = begin(builder, "bitwise");

	set_number(bitwise, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	set_number(bitwise, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	set_number(bitwise, NFTNL_EXPR_BITWISE_LEN, size);
	set_data(builder, bitwise, NFTNL_EXPR_BITWISE_MASK, keep, size);
	set_data(builder, bitwise, NFTNL_EXPR_BITWISE_XOR, flip, size);
}

static void mask(struct builder *builder, uint32_t keep, uint32_t flip)
{
	mask_data(builder, &keep, &flip, sizeof(keep));
}

static void load_immediate(struct builder *builder, uint32_t reg, const void *data, uint32_t size)
{
	struct nftnl_expr *immediate = begin(builder, "immediate");

	set_number(immediate, NFTNL_EXPR_IMM_DREG, reg);
	set_data(builder, immediate, NFTNL_EXPR_IMM_DATA, data, size);
}

static struct nftnl_expr *look_up(struct builder *builder, const char *set)
{
	struct nftnl_expr *lookup = begin(builder, "lookup");

	set_number(lookup, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	set_data(builder, lookup, NFTNL_EXPR_LOOKUP_SET, set, (uint32_t)strlen(set) + 1);
	return lookup;
}

static void look_up_verdict(struct builder *builder, const char *map)
{
	set_number(look_up(builder, map), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
}

static void look_up_protocol(struct builder *builder, uint32_t protocols, uint32_t flags)
{
	struct nftnl_expr *lookup = NULL;

	load_meta(builder, NFT_META_L4PROTO);
	lookup = look_up(builder, "__set%d");
	set_number(lookup, NFTNL_EXPR_LOOKUP_SET_ID, protocols);
	if (flags != 0)
		set_number(lookup, NFTNL_EXPR_LOOKUP_FLAGS, flags);
}

static void add_bypass(struct builder *builder, uint8_t family, const char *set)
{
	load_meta(builder, NFT_META_NFPROTO);
	compare_byte(builder, NFT_CMP_EQ, family);
	if (family == NFPROTO_IPV4)
		load_payload(builder, NFT_PAYLOAD_NETWORK_HEADER, IP_DADDR_OFFSET, sizeof(struct in_addr));
	else
		load_payload(builder, NFT_PAYLOAD_NETWORK_HEADER, IP6_DADDR_OFFSET, sizeof(struct in6_addr));
	look_up(builder, set);
}

static void add_counter_name(struct builder *builder, const char *name)
{
	struct nftnl_expr *reference = begin(builder, "objref");

	set_number(reference, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	set_data(builder, reference, NFTNL_EXPR_OBJREF_IMM_NAME, name, (uint32_t)strlen(name) + 1);
}

static void add_set_mark(struct builder *builder, const struct mark *mark)
{
	if (mark->mask == UINT32_MAX) {
		load_immediate(builder, NFT_REG_1, &mark->value, sizeof(mark->value));
	} else {
		load_meta(builder, NFT_META_MARK);
		mask(builder, ~mark->mask, mark->value);
	}
	set_meta_mark(builder);
}

static void add_dnat(struct builder *builder, const struct statement *statement)
{
	bool ip6 = statement->kind == STATEMENT_DNAT6;
	const void *address = ip6 ? (const void *)&statement->nat.ip6 : &statement->nat.ip;
	uint16_t port = htons(statement->nat.port);
	struct nftnl_expr *nat = NULL;

	load_immediate(builder, NFT_REG_1, address, ip6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
	load_immediate(builder, NFT_REG_2, &port, sizeof(port));
	nat = begin(builder, "nat");
	set_number(nat, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	set_number(nat, NFTNL_EXPR_NAT_FAMILY, ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	set_number(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	set_number(nat, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG_2);
	set_number(nat, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
}

static void add_tproxy(struct builder *builder, uint16_t port)
{
	uint16_t network_port = htons(port);
	struct nftnl_expr *tproxy = NULL;

	load_immediate(builder, NFT_REG_1, &network_port, sizeof(network_port));
	tproxy = begin(builder, "tproxy");
	set_number(tproxy, NFTNL_EXPR_TPROXY_FAMILY, NFPROTO_UNSPEC);
	set_number(tproxy, NFTNL_EXPR_TPROXY_REG_PORT, NFT_REG_1);
}

static void add_verdict(struct builder *builder, const struct verdict *verdict)
{
	struct nftnl_expr *immediate = begin(builder, "immediate");
	uint32_t code = (uint32_t)NFT_RETURN;

	if (verdict->kind == VERDICT_DROP)
		code = NF_DROP;
	else if (verdict->kind == VERDICT_GOTO)
		code = (uint32_t)NFT_GOTO;
	set_number(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	if (verdict->kind == VERDICT_GOTO)
		set_data(builder, immediate, NFTNL_EXPR_IMM_CHAIN, verdict->chain,
			 (uint32_t)strlen(verdict->chain) + 1);
	set_number(immediate, NFTNL_EXPR_IMM_VERDICT, code);
}

/* Labels are an array of long, in the host's order of bytes (include/linux/bitops.h, test_bit). */
static void write_steered_label(uint8_t label[LABELS_SIZE])
{
	const unsigned word_bits = 8 * sizeof(unsigned long);
	const unsigned long bit = 1UL << (STEERED_LABEL % word_bits);

	memset(label, 0, LABELS_SIZE);
	memcpy(label + STEERED_LABEL / word_bits * sizeof(bit), &bit, sizeof(bit));
}

static void match_steered(struct builder *builder)
{
	static const uint8_t nothing[LABELS_SIZE];
	uint8_t label[LABELS_SIZE];

	write_steered_label(label);
	load_ct(builder, NFT_CT_LABELS);
	mask_data(builder, label, nothing, sizeof(label));
	compare(builder, NFT_CMP_NEQ, nothing, sizeof(nothing));
}

static void set_steered(struct builder *builder)
{
	uint8_t label[LABELS_SIZE];
	struct nftnl_expr *ct = NULL;

	write_steered_label(label);
	load_immediate(builder, NFT_REG_1, label, sizeof(label));
	ct = begin(builder, "ct");
	set_number(ct, NFTNL_EXPR_CT_KEY, NFT_CT_LABELS);
	set_number(ct, NFTNL_EXPR_CT_SREG, NFT_REG_1);
}

static void add_match(struct builder *builder, const struct statement *statement, uint32_t protocols)
{
	static const uint64_t no_cgroup;
	static const uint32_t nothing;
	const uint32_t loopback = LOOPBACK_INDEX;
	uint16_t port = 0;

	switch (statement->kind) {
	case STATEMENT_IN_CGROUP:
		load_cgroup(builder, statement->level);
		compare(builder, NFT_CMP_NEQ, &no_cgroup, sizeof(no_cgroup));
		break;
	case STATEMENT_CT_REPLY:
		load_ct(builder, NFT_CT_DIRECTION);
		compare_byte(builder, NFT_CMP_EQ, IP_CT_DIR_REPLY);
		break;
	case STATEMENT_CT_DNAT:
		load_ct(builder, NFT_CT_STATUS);
		mask(builder, IPS_DST_NAT, 0);
		compare(builder, NFT_CMP_NEQ, &nothing, sizeof(nothing));
		break;
	case STATEMENT_CT_STEERED:
		match_steered(builder);
		break;
	case STATEMENT_NFPROTO:
		load_meta(builder, NFT_META_NFPROTO);
		compare_byte(builder, NFT_CMP_EQ, statement->protocol);
		break;
	case STATEMENT_L4PROTO:
	case STATEMENT_NOT_L4PROTO:
		load_meta(builder, NFT_META_L4PROTO);
		compare_byte(builder, statement->kind == STATEMENT_L4PROTO ? NFT_CMP_EQ : NFT_CMP_NEQ,
			     statement->protocol);
		break;
	case STATEMENT_TCP_OR_UDP:
		look_up_protocol(builder, protocols, 0);
		break;
	case STATEMENT_NOT_TCP_OR_UDP:
		look_up_protocol(builder, protocols, NFT_LOOKUP_F_INV);
		break;
	case STATEMENT_DPORT:
		port = htons(statement->port);
		load_payload(builder, NFT_PAYLOAD_TRANSPORT_HEADER, TH_DPORT_OFFSET, sizeof(port));
		compare(builder, NFT_CMP_EQ, &port, sizeof(port));
		break;
	case STATEMENT_IIF_LO:
		load_meta(builder, NFT_META_IIF);
		compare(builder, NFT_CMP_EQ, &loopback, sizeof(loopback));
		break;
	case STATEMENT_MARK:
		load_meta(builder, NFT_META_MARK);
		mask(builder, statement->mark.mask, 0);
		compare(builder, NFT_CMP_EQ, &statement->mark.value, sizeof(statement->mark.value));
		break;
	default:
		builder->error = -EINVAL;
		break;
	}
}

int expression_add(struct nftnl_rule *rule, const struct statement *statement, uint32_t protocols)
{
	struct builder builder = {.rule = rule};

	switch (statement->kind) {
	case STATEMENT_CGROUP_VMAP:
		load_cgroup(&builder, statement->level);
		look_up_verdict(&builder, MAP_CGROUP);
		break;
	case STATEMENT_CGROUP_SET:
		load_cgroup(&builder, statement->set.level);
		look_up(&builder, statement->set.name);
		break;
	case STATEMENT_MARK_VMAP:
		load_meta(&builder, NFT_META_MARK);
		look_up_verdict(&builder, MAP_MARK);
		break;
	case STATEMENT_MARK_DNS_VMAP:
		load_meta(&builder, NFT_META_MARK);
		look_up_verdict(&builder, MAP_MARK_DNS);
		break;
	case STATEMENT_DADDR_BYPASS:
		add_bypass(&builder, NFPROTO_IPV4, SET_BYPASS);
		break;
	case STATEMENT_DADDR_BYPASS6:
		add_bypass(&builder, NFPROTO_IPV6, SET_BYPASS6);
		break;
	case STATEMENT_COUNTER_NAME:
		add_counter_name(&builder, statement->name);
		break;
	case STATEMENT_SET_MARK:
		add_set_mark(&builder, &statement->mark);
		break;
	case STATEMENT_SET_CT_STEERED:
		set_steered(&builder);
		break;
	case STATEMENT_DNAT:
	case STATEMENT_DNAT6:
		add_dnat(&builder, statement);
		break;
	case STATEMENT_TPROXY:
		add_tproxy(&builder, statement->port);
		break;
	case STATEMENT_VERDICT:
		add_verdict(&builder, &statement->verdict);
		break;
	default:
		add_match(&builder, statement, protocols);
		break;
	}
	return builder.error;
}
