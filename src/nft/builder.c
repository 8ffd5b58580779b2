/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/builder.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

struct nftnl_expr *build_begin(struct builder *builder, const char *name)
{
	struct nftnl_expr *expression = builder->error == 0 ? nftnl_expr_alloc(name) : NULL;

	if (expression == NULL)
		builder->error = -ENOMEM;
	else
		nftnl_rule_add_expr(builder->rule, expression);
	return expression;
}

void build_data(struct builder *builder, struct nftnl_expr *expression, uint16_t attribute, const void *data,
		uint32_t size)
{
	if (expression != NULL && nftnl_expr_set(expression, attribute, data, size) < 0)
		builder->error = -ENOMEM;
}

void build_number(struct nftnl_expr *expression, uint16_t attribute, uint32_t number)
{
	if (expression != NULL)
		nftnl_expr_set_u32(expression, attribute, number);
}

void build_load_meta(struct builder *builder, uint32_t key)
{
	struct nftnl_expr *meta = build_begin(builder, "meta");

	build_number(meta, NFTNL_EXPR_META_KEY, key);
	build_number(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

void build_set_mark(struct builder *builder)
{
	struct nftnl_expr *meta = build_begin(builder, "meta");

	build_number(meta, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	build_number(meta, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

void build_load_ct(struct builder *builder, uint32_t key)
{
	struct nftnl_expr *ct = build_begin(builder, "ct");

	build_number(ct, NFTNL_EXPR_CT_KEY, key);
	build_number(ct, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

static void load_payload(struct builder *builder, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg)
{
	struct nftnl_expr *payload = build_begin(builder, "payload");

	build_number(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
	build_number(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	build_number(payload, NFTNL_EXPR_PAYLOAD_LEN, length);
	build_number(payload, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

void build_load_payload(struct builder *builder, uint32_t base, uint32_t offset, uint32_t length)
{
	load_payload(builder, base, offset, length, NFT_REG_1);
}

void build_append_payload(struct builder *builder, uint32_t base, uint32_t offset, uint32_t length)
{
	load_payload(builder, base, offset, length, NFT_REG32_01);
}

void build_load_fib(struct builder *builder, uint32_t result, uint32_t flags)
{
	struct nftnl_expr *fib = build_begin(builder, "fib");

	build_number(fib, NFTNL_EXPR_FIB_RESULT, result);
	build_number(fib, NFTNL_EXPR_FIB_FLAGS, flags);
	build_number(fib, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
}

void build_load_cgroup(struct builder *builder, uint32_t level)
{
	struct nftnl_expr *socket = build_begin(builder, "socket");

	build_number(socket, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
	build_number(socket, NFTNL_EXPR_SOCKET_LEVEL, level);
	build_number(socket, NFTNL_EXPR_SOCKET_DREG, NFT_REG_1);
}

void build_compare(struct builder *builder, uint32_t operation, const void *data, uint32_t size)
{
	struct nftnl_expr *cmp = build_begin(builder, "cmp");

	build_number(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	build_number(cmp, NFTNL_EXPR_CMP_OP, operation);
	build_data(builder, cmp, NFTNL_EXPR_CMP_DATA, data, size);
}

void build_compare_byte(struct builder *builder, uint32_t operation, uint8_t byte)
{
	build_compare(builder, operation, &byte, sizeof(byte));
}

void build_mask_data(struct builder *builder, const void *keep, const void *flip, uint32_t size)
{
	struct nftnl_expr *bitwise = build_begin(builder, "bitwise");

	build_number(bitwise, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	build_number(bitwise, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	build_number(bitwise, NFTNL_EXPR_BITWISE_LEN, size);
	build_data(builder, bitwise, NFTNL_EXPR_BITWISE_MASK, keep, size);
	build_data(builder, bitwise, NFTNL_EXPR_BITWISE_XOR, flip, size);
}

void build_mask(struct builder *builder, uint32_t keep, uint32_t flip)
{
	build_mask_data(builder, &keep, &flip, sizeof(keep));
}

void build_load_immediate(struct builder *builder, uint32_t reg, const void *data, uint32_t size)
{
	struct nftnl_expr *immediate = build_begin(builder, "immediate");

	build_number(immediate, NFTNL_EXPR_IMM_DREG, reg);
	build_data(builder, immediate, NFTNL_EXPR_IMM_DATA, data, size);
}

struct nftnl_expr *build_look_up(struct builder *builder, const char *set)
{
	struct nftnl_expr *lookup = build_begin(builder, "lookup");

	build_number(lookup, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	build_data(builder, lookup, NFTNL_EXPR_LOOKUP_SET, set, (uint32_t)strlen(set) + 1);
	return lookup;
}

void build_look_up_verdict(struct builder *builder, const char *map)
{
	build_number(build_look_up(builder, map), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
}
