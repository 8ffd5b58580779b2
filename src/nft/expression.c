/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Translates statements into expressions. The sequences are those that nft generates for the same rule (nft
 * --debug=netlink), so "nft list" shows the rule as written in ruleset.h.
 */

#include "nft/expression.h"

#include "nft/builder.h"
#include "nft/match.h"
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
	const void *address = ip6 ? (const void *)&statement->to.ip6 : &statement->to.ip;
	uint16_t port = htons(statement->to.port);
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

static void add_redirect(struct builder *builder, uint16_t port)
{
	uint16_t network_port = htons(port);
	struct nftnl_expr *redirect = NULL;

	build_load_immediate(builder, NFT_REG_1, &network_port, sizeof(network_port));
	redirect = build_begin(builder, "redir");
	build_number(redirect, NFTNL_EXPR_REDIR_REG_PROTO_MIN, NFT_REG_1);
	build_number(redirect, NFTNL_EXPR_REDIR_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
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

static void add_tproxy_to(struct builder *builder, const struct statement *statement)
{
	bool ip6 = statement->kind == STATEMENT_TPROXY_IP6;
	const void *address = ip6 ? (const void *)&statement->to.ip6 : &statement->to.ip;
	uint16_t port = htons(statement->to.port);
	struct nftnl_expr *tproxy = NULL;

	build_load_immediate(builder, NFT_REG_1, address, ip6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
	build_load_immediate(builder, NFT_REG_2, &port, sizeof(port));
	tproxy = build_begin(builder, "tproxy");
	build_number(tproxy, NFTNL_EXPR_TPROXY_FAMILY, ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	build_number(tproxy, NFTNL_EXPR_TPROXY_REG_ADDR, NFT_REG_1);
	build_number(tproxy, NFTNL_EXPR_TPROXY_REG_PORT, NFT_REG_2);
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

/* The kernel adds the bit to the flow's existing ones (net/netfilter/nft_ct.c, nf_connlabels_replace). */
static void set_label(struct builder *builder, unsigned label)
{
	uint8_t bytes[LABELS_SIZE];
	struct nftnl_expr *ct = NULL;

	label_write(label, bytes);
	build_load_immediate(builder, NFT_REG_1, bytes, sizeof(bytes));
	ct = build_begin(builder, "ct");
	build_number(ct, NFTNL_EXPR_CT_KEY, NFT_CT_LABELS);
	build_number(ct, NFTNL_EXPR_CT_SREG, NFT_REG_1);
}

static void add_reject(struct builder *builder, uint32_t type, uint8_t code)
{
	struct nftnl_expr *reject = build_begin(builder, "reject");

	build_number(reject, NFTNL_EXPR_REJECT_TYPE, type);
	build_data(builder, reject, NFTNL_EXPR_REJECT_CODE, &code, sizeof(code));
}

/* The kinds in the order of their enum. An unknown kind would leave a rule without its condition, so it is refused. */
static void add_statement(struct builder *builder, const struct statement *statement, uint32_t set)
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
	case STATEMENT_IIFNAME_VMAP:
		build_load_meta(builder, NFT_META_IIFNAME);
		build_look_up_verdict(builder, statement->name);
		return;
	case STATEMENT_IIF_VMAP:
		build_load_meta(builder, NFT_META_IIF);
		build_look_up_verdict(builder, statement->name);
		return;
	case STATEMENT_IIF_SADDR_VMAP:
		look_up_iif_saddr(builder, NFPROTO_IPV4, statement->name);
		return;
	case STATEMENT_IIF_SADDR6_VMAP:
		look_up_iif_saddr(builder, NFPROTO_IPV6, statement->name);
		return;
	case STATEMENT_SADDR_VMAP:
		look_up_saddr(builder, NFPROTO_IPV4, statement->name);
		return;
	case STATEMENT_SADDR6_VMAP:
		look_up_saddr(builder, NFPROTO_IPV6, statement->name);
		return;
	case STATEMENT_MAC_VMAP:
		look_up_mac(builder, statement->name);
		return;
	case STATEMENT_CT_UNCONFIRMED:
		match_ct_bits(builder, NFT_CT_STATUS, IPS_CONFIRMED, NFT_CMP_EQ);
		return;
	case STATEMENT_CT_DNAT:
		match_ct_bits(builder, NFT_CT_STATUS, IPS_DST_NAT, NFT_CMP_NEQ);
		return;
	case STATEMENT_CT_ESTABLISHED:
		match_ct_bits(builder, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED), NFT_CMP_NEQ);
		return;
	case STATEMENT_CT_INVALID:
		match_ct_bits(builder, NFT_CT_STATE, NF_CT_STATE_INVALID_BIT, NFT_CMP_NEQ);
		return;
	case STATEMENT_CT_RELATED:
		match_ct_bits(builder, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_RELATED), NFT_CMP_NEQ);
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
	case STATEMENT_SADDR_LOCAL:
		match_address_type(builder, NFTA_FIB_F_SADDR, NFT_CMP_EQ, RTN_LOCAL);
		return;
	case STATEMENT_SADDR_ELSEWHERE:
		match_source_elsewhere(builder);
		return;
	case STATEMENT_DADDR:
		match_daddr(builder, NFPROTO_IPV4, &statement->ip);
		return;
	case STATEMENT_DADDR6:
		match_daddr(builder, NFPROTO_IPV6, &statement->ip6);
		return;
	case STATEMENT_DADDR_LOCAL:
		match_address_type(builder, NFTA_FIB_F_DADDR, NFT_CMP_EQ, RTN_LOCAL);
		return;
	case STATEMENT_DADDR_TO_US:
		look_up_address_type(builder, NFTA_FIB_F_DADDR, set);
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
	case STATEMENT_DADDR_LINK_LOCAL:
		match_link_local6(builder);
		return;
	case STATEMENT_DADDR_IN:
		look_up_daddr(builder, NFPROTO_IPV4, statement->name);
		return;
	case STATEMENT_DADDR6_IN:
		look_up_daddr(builder, NFPROTO_IPV6, statement->name);
		return;
	case STATEMENT_OIF_DADDR_IN:
		look_up_oif_daddr(builder, NFPROTO_IPV4, statement->name);
		return;
	case STATEMENT_OIF_DADDR6_IN:
		look_up_oif_daddr(builder, NFPROTO_IPV6, statement->name);
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
		look_up_protocol(builder, set, 0);
		return;
	case STATEMENT_NOT_TCP_OR_UDP:
		look_up_protocol(builder, set, NFT_LOOKUP_F_INV);
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
	case STATEMENT_IIF_VETH:
		match_interface_kind(builder, "veth");
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
	case STATEMENT_REDIRECT:
		add_redirect(builder, statement->port);
		return;
	case STATEMENT_TPROXY:
		add_tproxy(builder, statement->port);
		return;
	case STATEMENT_TPROXY_IP:
	case STATEMENT_TPROXY_IP6:
		add_tproxy_to(builder, statement);
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

int expression_add(struct nftnl_rule *rule, const struct statement *statement, uint32_t set)
{
	struct builder builder = {.rule = rule};

	add_statement(&builder, statement, set);
	return builder.error;
}
