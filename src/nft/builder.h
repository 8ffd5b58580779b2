/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_BUILDER_H
#define CGTPROXY_NFT_BUILDER_H

#include <libnftnl/rule.h>
#include <stdint.h>
#include <stdio.h>

#include <libnftnl/expr.h> /* after stdio.h, which it needs but doesn't include */

/*
 * Appends expressions to a rule. The builder keeps the first error; after it, all calls are no-ops. Values are loaded
 * into register 1, and compared, masked and looked up from there. Behind a word in it, another value may follow.
 */
struct builder {
	struct nftnl_rule *rule;
	int error; /* 0 or a negative errno */
};

/** Appends an expression without attributes. Returns it, or NULL after a failure. */
struct nftnl_expr *build_begin(struct builder *builder, const char *name);

/** Sets an attribute (NFTNL_EXPR_*) of an expression, which may be NULL, to some bytes, which are copied. */
void build_data(struct builder *builder, struct nftnl_expr *expression, uint16_t attribute, const void *data,
		uint32_t size);

/** Sets an attribute of an expression, which may be NULL, to a number. */
void build_number(struct nftnl_expr *expression, uint16_t attribute, uint32_t number);

/** Loads packet metadata. @key: NFT_META_* */
void build_load_meta(struct builder *builder, uint32_t key);

/** Sets the packet's mark from the register. */
void build_set_mark(struct builder *builder);

/** Loads conntrack data. @key: NFT_CT_* */
void build_load_ct(struct builder *builder, uint32_t key);

/** Loads packet bytes. @base: NFT_PAYLOAD_*; @offset and @length in bytes */
void build_load_payload(struct builder *builder, uint32_t base, uint32_t offset, uint32_t length);

/** Loads packet bytes behind a word that was loaded, for a lookup of both. */
void build_append_payload(struct builder *builder, uint32_t base, uint32_t offset, uint32_t length);

/** Loads what a route lookup results in. @result: NFT_FIB_RESULT_*; @flags: NFTA_FIB_F_* */
void build_load_fib(struct builder *builder, uint32_t result, uint32_t flags);

/** Loads the id of the socket's cgroup's ancestor at a level; the rule ends here if there is none. */
void build_load_cgroup(struct builder *builder, uint32_t level);

/** Compares; the rule ends here if the comparison fails. @operation: NFT_CMP_* */
void build_compare(struct builder *builder, uint32_t operation, const void *data, uint32_t size);
void build_compare_byte(struct builder *builder, uint32_t operation, uint8_t byte);

/** ANDs with @keep, then XORs with @flip; each has @size bytes. */
void build_mask_data(struct builder *builder, const void *keep, const void *flip, uint32_t size);
void build_mask(struct builder *builder, uint32_t keep, uint32_t flip);

/** Loads a constant into a register. */
void build_load_immediate(struct builder *builder, uint32_t reg, const void *data, uint32_t size);

/** Looks up in a set; the rule ends here if the value is not in it. Returns the expression, or NULL after a failure. */
struct nftnl_expr *build_look_up(struct builder *builder, const char *set);

/** Looks up in a verdict map and applies the verdict. */
void build_look_up_verdict(struct builder *builder, const char *map);

#endif
