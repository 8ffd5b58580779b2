/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/match.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

enum {
	IP_SADDR_OFFSET = 12,
	IP_DADDR_OFFSET = 16,
	IP6_SADDR_OFFSET = 8,
	IP6_DADDR_OFFSET = 24,
	TH_DPORT_OFFSET = 2,
	TYPE_ETHERNET = 1, /* linux/if_arp.h, ARPHRD_ETHER */
};

/* Labels are an array of long in host byte order (include/linux/bitops.h, test_bit). */
void label_write(unsigned label, uint8_t bytes[LABELS_SIZE])
{
	const unsigned word_bits = 8 * sizeof(unsigned long);
	const unsigned long bit = 1UL << (label % word_bits);

	memset(bytes, 0, LABELS_SIZE);
	memcpy(bytes + label / word_bits * sizeof(bit), &bit, sizeof(bit));
}

void match_label(struct builder *builder, unsigned label, uint32_t operation)
{
	static const uint8_t nothing[LABELS_SIZE];
	uint8_t bytes[LABELS_SIZE];

	label_write(label, bytes);
	build_load_ct(builder, NFT_CT_LABELS);
	build_mask_data(builder, bytes, nothing, sizeof(bytes));
	build_compare(builder, operation, nothing, sizeof(nothing));
}

void match_ct_bits(struct builder *builder, uint32_t key, uint32_t bits, uint32_t operation)
{
	static const uint32_t nothing;

	build_load_ct(builder, key);
	build_mask(builder, bits, 0);
	build_compare(builder, operation, &nothing, sizeof(nothing));
}

void match_direction(struct builder *builder, uint8_t direction)
{
	build_load_ct(builder, NFT_CT_DIRECTION);
	build_compare_byte(builder, NFT_CMP_EQ, direction);
}

/* Returns the expression, or NULL after a failure. */
static struct nftnl_expr *look_up_anonymous(struct builder *builder, uint32_t set)
{
	struct nftnl_expr *lookup = build_look_up(builder, "__set%d");

	build_number(lookup, NFTNL_EXPR_LOOKUP_SET_ID, set);
	return lookup;
}

void match_address_type(struct builder *builder, uint32_t flags, uint32_t operation, uint32_t type)
{
	build_load_fib(builder, NFT_FIB_RESULT_ADDRTYPE, flags);
	build_compare(builder, operation, &type, sizeof(type));
}

void look_up_address_type(struct builder *builder, uint32_t flags, uint32_t set)
{
	build_load_fib(builder, NFT_FIB_RESULT_ADDRTYPE, flags);
	look_up_anonymous(builder, set);
}

void match_source_elsewhere(struct builder *builder)
{
	static const uint32_t nowhere;

	build_load_fib(builder, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT);
	build_compare(builder, NFT_CMP_EQ, &nowhere, sizeof(nowhere));
}

/* An address in the network header. */
struct field {
	uint32_t offset;
	uint32_t size;
};

static struct field saddr_of(uint8_t family)
{
	if (family == NFPROTO_IPV4)
		return (struct field){IP_SADDR_OFFSET, sizeof(struct in_addr)};
	return (struct field){IP6_SADDR_OFFSET, sizeof(struct in6_addr)};
}

static struct field daddr_of(uint8_t family)
{
	if (family == NFPROTO_IPV4)
		return (struct field){IP_DADDR_OFFSET, sizeof(struct in_addr)};
	return (struct field){IP6_DADDR_OFFSET, sizeof(struct in6_addr)};
}

static void match_family(struct builder *builder, uint8_t family)
{
	build_load_meta(builder, NFT_META_NFPROTO);
	build_compare_byte(builder, NFT_CMP_EQ, family);
}

static void load_field(struct builder *builder, uint8_t family, struct field field)
{
	match_family(builder, family);
	build_load_payload(builder, NFT_PAYLOAD_NETWORK_HEADER, field.offset, field.size);
}

static void load_daddr(struct builder *builder, uint8_t family)
{
	load_field(builder, family, daddr_of(family));
}

void look_up_saddr(struct builder *builder, uint8_t family, const char *map)
{
	load_field(builder, family, saddr_of(family));
	build_look_up_verdict(builder, map);
}

static void append_field(struct builder *builder, struct field field)
{
	build_append_payload(builder, NFT_PAYLOAD_NETWORK_HEADER, field.offset, field.size);
}

void look_up_iif_saddr(struct builder *builder, uint8_t family, const char *map)
{
	match_family(builder, family);
	build_load_meta(builder, NFT_META_IIF);
	append_field(builder, saddr_of(family));
	build_look_up_verdict(builder, map);
}

void look_up_oif_daddr(struct builder *builder, uint8_t family, const char *set)
{
	match_family(builder, family);
	build_load_fib(builder, NFT_FIB_RESULT_OIF, NFTA_FIB_F_DADDR);
	append_field(builder, daddr_of(family));
	build_look_up(builder, set);
}

void look_up_mac(struct builder *builder, const char *map)
{
	const uint16_t type = TYPE_ETHERNET;

	build_load_meta(builder, NFT_META_IIFTYPE);
	build_compare(builder, NFT_CMP_EQ, &type, sizeof(type));
	build_load_payload(builder, NFT_PAYLOAD_LL_HEADER, offsetof(struct ether_header, ether_shost), ETH_ALEN);
	build_look_up_verdict(builder, map);
}

void look_up_daddr(struct builder *builder, uint8_t family, const char *set)
{
	load_daddr(builder, family);
	build_look_up(builder, set);
}

void match_daddr(struct builder *builder, uint8_t family, const void *address)
{
	load_daddr(builder, family);
	build_compare(builder, NFT_CMP_EQ, address,
		      family == NFPROTO_IPV4 ? sizeof(struct in_addr) : sizeof(struct in6_addr));
}

void match_multicast(struct builder *builder)
{
	load_daddr(builder, NFPROTO_IPV4);
	build_mask(builder, htonl(0xf0000000), 0);
	build_compare(builder, NFT_CMP_EQ, &(uint32_t){htonl(INADDR_UNSPEC_GROUP)}, sizeof(uint32_t));
}

void match_multicast6(struct builder *builder)
{
	load_field(builder, NFPROTO_IPV6, (struct field){IP6_DADDR_OFFSET, sizeof(uint8_t)});
	build_compare_byte(builder, NFT_CMP_EQ, 0xff);
}

void match_link_local6(struct builder *builder)
{
	static const struct in6_addr mask = {.s6_addr = {0xff, 0xc0}};
	static const struct in6_addr prefix = {.s6_addr = {0xfe, 0x80}};
	static const struct in6_addr nothing;

	load_daddr(builder, NFPROTO_IPV6);
	build_mask_data(builder, &mask, &nothing, sizeof(mask));
	build_compare(builder, NFT_CMP_EQ, &prefix, sizeof(prefix));
}

void match_interface(struct builder *builder, uint32_t key, uint32_t operation, uint32_t index)
{
	build_load_meta(builder, key);
	build_compare(builder, operation, &index, sizeof(index));
}

void match_interface_kind(struct builder *builder, const char *kind)
{
	char padded[IFNAMSIZ] = "";

	strncpy(padded, kind, sizeof(padded) - 1);
	build_load_meta(builder, NFT_META_IIFKIND);
	build_compare(builder, NFT_CMP_EQ, padded, sizeof(padded));
}

void match_meta_byte(struct builder *builder, uint32_t key, uint32_t operation, uint8_t byte)
{
	build_load_meta(builder, key);
	build_compare_byte(builder, operation, byte);
}

void match_dport(struct builder *builder, uint16_t port)
{
	uint16_t network_port = htons(port);

	build_load_payload(builder, NFT_PAYLOAD_TRANSPORT_HEADER, TH_DPORT_OFFSET, sizeof(network_port));
	build_compare(builder, NFT_CMP_EQ, &network_port, sizeof(network_port));
}

void match_mark(struct builder *builder, const struct fwmark *mark)
{
	build_load_meta(builder, NFT_META_MARK);
	/* nft omits a mask that keeps everything */
	if (!fwmark_is_whole(mark))
		build_mask(builder, mark->mask, 0);
	build_compare(builder, NFT_CMP_EQ, &mark->value, sizeof(mark->value));
}

void match_any_mark(struct builder *builder)
{
	static const uint32_t no_mark;

	build_load_meta(builder, NFT_META_MARK);
	build_compare(builder, NFT_CMP_NEQ, &no_mark, sizeof(no_mark));
}

void match_cgroup_level(struct builder *builder, uint32_t level)
{
	static const uint64_t no_cgroup;

	build_load_cgroup(builder, level);
	build_compare(builder, NFT_CMP_NEQ, &no_cgroup, sizeof(no_cgroup));
}

void look_up_protocol(struct builder *builder, uint32_t set, uint32_t flags)
{
	struct nftnl_expr *lookup = NULL;

	build_load_meta(builder, NFT_META_L4PROTO);
	lookup = look_up_anonymous(builder, set);
	if (flags != 0)
		build_number(lookup, NFTNL_EXPR_LOOKUP_FLAGS, flags);
}
