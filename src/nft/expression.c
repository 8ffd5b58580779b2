/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Translates statements into expressions. The sequences are those that nft generates for the same rule (nft
 * --debug=netlink), so "nft list" shows the rule as written in ruleset.h.
 */

#include "nft/expression.h"

#include "nft/builder.h"
#include "nft/set.h"
#include "util/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

enum {
	IP_DADDR_OFFSET = 16,
	IP6_DADDR_OFFSET = 24,
	TH_DPORT_OFFSET = 2,
	ANONYMOUS_SET_NAME_SIZE = 16,
	LABELS_SIZE = 16, /* include/net/netfilter/nf_conntrack_labels.h, NF_CT_LABELS_MAX_SIZE */
};

static void look_up_protocol(struct builder *builder, uint32_t protocols, uint32_t flags)
{
	struct nftnl_expr *lookup = NULL;

	build_load_meta(builder, NFT_META_L4PROTO);
	lookup = build_look_up(builder, "__set%d");
	build_number(lookup, NFTNL_EXPR_LOOKUP_SET_ID, protocols);
	if (flags != 0)
		build_number(lookup, NFTNL_EXPR_LOOKUP_FLAGS, flags);
}

/* Leading bytes of the destination address of packets of one family. */
static void load_daddr(struct builder *builder, uint8_t family, uint32_t size)
{
	build_load_meta(builder, NFT_META_NFPROTO);
	build_compare_byte(builder, NFT_CMP_EQ, family);
	build_load_payload(builder, NFT_PAYLOAD_NETWORK_HEADER,
			   family == NFPROTO_IPV4 ? IP_DADDR_OFFSET : IP6_DADDR_OFFSET, size);
}

static void look_up_daddr(struct builder *builder, uint8_t family, uint32_t size, const char *set)
{
	load_daddr(builder, family, size);
	build_look_up(builder, set);
}

static void add_counter_name(struct builder *builder, const char *name)
{
	struct nftnl_expr *reference = build_begin(builder, "objref");

	build_number(reference, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	build_data(builder, reference, NFTNL_EXPR_OBJREF_IMM_NAME, name, (uint32_t)strlen(name) + 1);
}

static void add_set_mark(struct builder *builder, const struct fwmark *mark)
{
	if (fwmark_is_whole(mark)) {
		build_load_immediate(builder, NFT_REG_1, &mark->value, sizeof(mark->value));
	} else {
		build_load_meta(builder, NFT_META_MARK);
		build_mask(builder, ~mark->mask, mark->value);
	}
	build_set_mark(builder);
}

static void add_dnat(struct builder *builder, const struct statement *statement)
{
	bool ip6 = statement->kind == STATEMENT_DNAT6;
	const void *address = ip6 ? (const void *)&statement->nat.ip6 : &statement->nat.ip;
	uint16_t port = htons(statement->nat.port);
	struct nftnl_expr *nat = NULL;

	build_load_immediate(builder, NFT_REG_1, address, ip6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
	build_load_immediate(builder, NFT_REG_2, &port, sizeof(port));
	nat = build_begin(builder, "nat");
	build_number(nat, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	build_number(nat, NFTNL_EXPR_NAT_FAMILY, ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	build_number(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	build_number(nat, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG_2);
	build_number(nat, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
}

static void add_tproxy(struct builder *builder, uint16_t port)
{
	uint16_t network_port = htons(port);
	struct nftnl_expr *tproxy = NULL;

	build_load_immediate(builder, NFT_REG_1, &network_port, sizeof(network_port));
	tproxy = build_begin(builder, "tproxy");
	build_number(tproxy, NFTNL_EXPR_TPROXY_FAMILY, NFPROTO_UNSPEC);
	build_number(tproxy, NFTNL_EXPR_TPROXY_REG_PORT, NFT_REG_1);
}

static void add_verdict(struct builder *builder, const struct verdict *verdict)
{
	struct nftnl_expr *immediate = build_begin(builder, "immediate");
	const uint32_t code = (uint32_t)verdict_code(verdict->kind);

	build_number(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	if (verdict->kind == VERDICT_GOTO)
		build_data(builder, immediate, NFTNL_EXPR_IMM_CHAIN, verdict->chain,
			   (uint32_t)strlen(verdict->chain) + 1);
	build_number(immediate, NFTNL_EXPR_IMM_VERDICT, code);
}

/* Labels are an array of long in host byte order (include/linux/bitops.h, test_bit). */
static void write_label(unsigned label, uint8_t bytes[LABELS_SIZE])
{
	const unsigned word_bits = 8 * sizeof(unsigned long);
	const unsigned long bit = 1UL << (label % word_bits);

	memset(bytes, 0, LABELS_SIZE);
	memcpy(bytes + label / word_bits * sizeof(bit), &bit, sizeof(bit));
}

static void match_label(struct builder *builder, unsigned label, uint32_t operation)
{
	static const uint8_t nothing[LABELS_SIZE];
	uint8_t bytes[LABELS_SIZE];

	write_label(label, bytes);
	build_load_ct(builder, NFT_CT_LABELS);
	build_mask_data(builder, bytes, nothing, sizeof(bytes));
	build_compare(builder, operation, nothing, sizeof(nothing));
}

/* The kernel adds the bit to the flow's existing ones (net/netfilter/nft_ct.c, nf_connlabels_replace). */
static void set_label(struct builder *builder, unsigned label)
{
	uint8_t bytes[LABELS_SIZE];
	struct nftnl_expr *ct = NULL;

	write_label(label, bytes);
	build_load_immediate(builder, NFT_REG_1, bytes, sizeof(bytes));
	ct = build_begin(builder, "ct");
	build_number(ct, NFTNL_EXPR_CT_KEY, NFT_CT_LABELS);
	build_number(ct, NFTNL_EXPR_CT_SREG, NFT_REG_1);
}

/* flags: NFTA_FIB_F_*; type: RTN_* */
static void match_address_type(struct builder *builder, uint32_t flags, uint32_t operation, uint32_t type)
{
	struct nftnl_expr *fib = build_begin(builder, "fib");

	build_number(fib, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	build_number(fib, NFTNL_EXPR_FIB_FLAGS, flags);
	build_number(fib, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	build_compare(builder, operation, &type, sizeof(type));
}

static void match_multicast(struct builder *builder)
{
	load_daddr(builder, NFPROTO_IPV4, sizeof(struct in_addr));
	build_mask(builder, htonl(0xf0000000), 0);
	build_compare(builder, NFT_CMP_EQ, &(uint32_t){htonl(INADDR_UNSPEC_GROUP)}, sizeof(uint32_t));
}

static void match_multicast6(struct builder *builder)
{
	load_daddr(builder, NFPROTO_IPV6, sizeof(uint8_t));
	build_compare_byte(builder, NFT_CMP_EQ, 0xff);
}

static void match_interface(struct builder *builder, uint32_t key, uint32_t operation, uint32_t index)
{
	build_load_meta(builder, key);
	build_compare(builder, operation, &index, sizeof(index));
}

static void match_unconfirmed(struct builder *builder)
{
	build_load_ct(builder, NFT_CT_STATUS);
	build_mask(builder, IPS_CONFIRMED, 0);
	build_compare(builder, NFT_CMP_EQ, &(uint32_t){0}, sizeof(uint32_t));
}

static void match_direction(struct builder *builder, uint8_t direction)
{
	build_load_ct(builder, NFT_CT_DIRECTION);
	build_compare_byte(builder, NFT_CMP_EQ, direction);
}

static void match_cgroup_level(struct builder *builder, uint32_t level)
{
	static const uint64_t no_cgroup;

	build_load_cgroup(builder, level);
	build_compare(builder, NFT_CMP_NEQ, &no_cgroup, sizeof(no_cgroup));
}

static void match_daddr(struct builder *builder, uint8_t family, const void *address, uint32_t size)
{
	load_daddr(builder, family, size);
	build_compare(builder, NFT_CMP_EQ, address, size);
}

static void match_meta_byte(struct builder *builder, uint32_t key, uint32_t operation, uint8_t byte)
{
	build_load_meta(builder, key);
	build_compare_byte(builder, operation, byte);
}

static void match_dport(struct builder *builder, uint16_t port)
{
	uint16_t network_port = htons(port);

	build_load_payload(builder, NFT_PAYLOAD_TRANSPORT_HEADER, TH_DPORT_OFFSET, sizeof(network_port));
	build_compare(builder, NFT_CMP_EQ, &network_port, sizeof(network_port));
}

static void match_mark(struct builder *builder, const struct fwmark *mark)
{
	build_load_meta(builder, NFT_META_MARK);
	/* nft omits a mask that keeps everything */
	if (!fwmark_is_whole(mark))
		build_mask(builder, mark->mask, 0);
	build_compare(builder, NFT_CMP_EQ, &mark->value, sizeof(mark->value));
}

static void match_any_mark(struct builder *builder)
{
	static const uint32_t no_mark;

	build_load_meta(builder, NFT_META_MARK);
	build_compare(builder, NFT_CMP_NEQ, &no_mark, sizeof(no_mark));
}

static void add_reject(struct builder *builder, uint32_t type, uint8_t code)
{
	struct nftnl_expr *reject = build_begin(builder, "reject");

	build_number(reject, NFTNL_EXPR_REJECT_TYPE, type);
	build_data(builder, reject, NFTNL_EXPR_REJECT_CODE, &code, sizeof(code));
}

/* The kinds in the order of their enum. An unknown kind would leave a rule without its condition, so it is refused. */
static void add_statement(struct builder *builder, const struct statement *statement, uint32_t protocols)
{
	switch (statement->kind) {
	case STATEMENT_CGROUP_VMAP:
		build_load_cgroup(builder, statement->cgroup_set.level);
		build_look_up_verdict(builder, statement->cgroup_set.name);
		return;
	case STATEMENT_CGROUP_IN:
		build_load_cgroup(builder, statement->cgroup_set.level);
		build_look_up(builder, statement->cgroup_set.name);
		return;
	case STATEMENT_IN_CGROUP:
		match_cgroup_level(builder, statement->level);
		return;
	case STATEMENT_CT_UNCONFIRMED:
		match_unconfirmed(builder);
		return;
	case STATEMENT_CT_ORIGINAL:
		match_direction(builder, IP_CT_DIR_ORIGINAL);
		return;
	case STATEMENT_CT_REPLY:
		match_direction(builder, IP_CT_DIR_REPLY);
		return;
	case STATEMENT_CT_LABEL:
		match_label(builder, statement->label, NFT_CMP_NEQ);
		return;
	case STATEMENT_CT_NO_LABEL:
		match_label(builder, statement->label, NFT_CMP_EQ);
		return;
	case STATEMENT_SADDR_FOREIGN:
		match_address_type(builder, NFTA_FIB_F_SADDR, NFT_CMP_NEQ, RTN_LOCAL);
		return;
	case STATEMENT_DADDR:
		match_daddr(builder, NFPROTO_IPV4, &statement->ip, sizeof(statement->ip));
		return;
	case STATEMENT_DADDR6:
		match_daddr(builder, NFPROTO_IPV6, &statement->ip6, sizeof(statement->ip6));
		return;
	case STATEMENT_DADDR_LOCAL:
		match_address_type(builder, NFTA_FIB_F_DADDR, NFT_CMP_EQ, RTN_LOCAL);
		return;
	case STATEMENT_DADDR_BROADCAST:
		match_address_type(builder, NFTA_FIB_F_DADDR, NFT_CMP_EQ, RTN_BROADCAST);
		return;
	case STATEMENT_DADDR_MULTICAST:
		match_multicast(builder);
		return;
	case STATEMENT_DADDR_MULTICAST6:
		match_multicast6(builder);
		return;
	case STATEMENT_DADDR_IN:
		look_up_daddr(builder, NFPROTO_IPV4, sizeof(struct in_addr), statement->name);
		return;
	case STATEMENT_DADDR6_IN:
		look_up_daddr(builder, NFPROTO_IPV6, sizeof(struct in6_addr), statement->name);
		return;
	case STATEMENT_NFPROTO:
		match_meta_byte(builder, NFT_META_NFPROTO, NFT_CMP_EQ, statement->protocol);
		return;
	case STATEMENT_L4PROTO:
		match_meta_byte(builder, NFT_META_L4PROTO, NFT_CMP_EQ, statement->protocol);
		return;
	case STATEMENT_NOT_L4PROTO:
		match_meta_byte(builder, NFT_META_L4PROTO, NFT_CMP_NEQ, statement->protocol);
		return;
	case STATEMENT_TCP_OR_UDP:
		look_up_protocol(builder, protocols, 0);
		return;
	case STATEMENT_NOT_TCP_OR_UDP:
		look_up_protocol(builder, protocols, NFT_LOOKUP_F_INV);
		return;
	case STATEMENT_DPORT:
		match_dport(builder, statement->port);
		return;
	case STATEMENT_IIF_LO:
		match_interface(builder, NFT_META_IIF, NFT_CMP_EQ, LOOPBACK_INDEX);
		return;
	case STATEMENT_IIF_ANY:
		match_interface(builder, NFT_META_IIF, NFT_CMP_NEQ, 0);
		return;
	case STATEMENT_IIF_NONE:
		match_interface(builder, NFT_META_IIF, NFT_CMP_EQ, 0);
		return;
	case STATEMENT_OIF_LO:
		match_interface(builder, NFT_META_OIF, NFT_CMP_EQ, LOOPBACK_INDEX);
		return;
	case STATEMENT_MARK:
		match_mark(builder, &statement->mark);
		return;
	case STATEMENT_MARKED:
		match_any_mark(builder);
		return;
	case STATEMENT_MARK_VMAP:
		build_load_meta(builder, NFT_META_MARK);
		build_look_up_verdict(builder, statement->name);
		return;
	case STATEMENT_COUNTER_NAME:
		add_counter_name(builder, statement->name);
		return;
	case STATEMENT_SET_MARK:
		add_set_mark(builder, &statement->mark);
		return;
	case STATEMENT_SET_CT_LABEL:
		set_label(builder, statement->label);
		return;
	case STATEMENT_DNAT:
	case STATEMENT_DNAT6:
		add_dnat(builder, statement);
		return;
	case STATEMENT_TPROXY:
		add_tproxy(builder, statement->port);
		return;
	case STATEMENT_REJECT:
		add_reject(builder, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_PORT_UNREACH);
		return;
	case STATEMENT_REJECT_RESET:
		add_reject(builder, NFT_REJECT_TCP_RST, 0);
		return;
	case STATEMENT_VERDICT:
		add_verdict(builder, &statement->verdict);
		return;
	}
	builder->error = -EINVAL;
}

int expression_add(struct nftnl_rule *rule, const struct statement *statement, uint32_t protocols)
{
	struct builder builder = {.rule = rule};

	add_statement(&builder, statement, protocols);
	return builder.error;
}
