/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_MATCH_H
#define CGTPROXY_NFT_MATCH_H

#include "nft/builder.h"
#include "util/fwmark.h"

#include <stdint.h>

/* The expressions of conditions. Where one does not hold, the kernel goes on with the next rule. */

enum {
	LABELS_SIZE = 16, /* include/net/netfilter/nf_conntrack_labels.h, NF_CT_LABELS_MAX_SIZE */
};

/** Writes a conntrack label bit as the kernel keeps all of them. */
void label_write(unsigned label, uint8_t bytes[LABELS_SIZE]);

/** Compares a conntrack label bit. @operation: NFT_CMP_NEQ if it is to be set, NFT_CMP_EQ if not */
void match_label(struct builder *builder, unsigned label, uint32_t operation);

/** Compares some bits of conntrack data. @key: NFT_CT_*; @operation: NFT_CMP_NEQ if one is to be set, else NFT_CMP_EQ
 */
void match_ct_bits(struct builder *builder, uint32_t key, uint32_t bits, uint32_t operation);

/** Compares the packet's direction in its flow. @direction: IP_CT_DIR_* */
void match_direction(struct builder *builder, uint8_t direction);

/** Compares what kind of address it is. @flags: NFTA_FIB_F_*; @operation: NFT_CMP_*; @type: RTN_* */
void match_address_type(struct builder *builder, uint32_t flags, uint32_t operation, uint32_t type);

/** Looks up in an anonymous set what kind of address it is. @flags: NFTA_FIB_F_*; @set: its id within the transaction
 */
void look_up_address_type(struct builder *builder, uint32_t flags, uint32_t set);

/** Holds if the source is not routed to the interface at which the packet arrived, as this host's own never is. */
void match_source_elsewhere(struct builder *builder);

/** Looks up the source address of packets of a family, NFPROTO_*, in a verdict map. */
void look_up_saddr(struct builder *builder, uint8_t family, const char *map);

/** Looks up the interface that packets of a family arrived on, together with their source, in a verdict map. */
void look_up_iif_saddr(struct builder *builder, uint8_t family, const char *map);

/**
 * Looks up the interface that packets of a family are routed to, together with their destination, in a set. Only
 * for the hooks prerouting, input and forward (net/netfilter/nft_fib.c, nft_fib_validate).
 */
void look_up_oif_daddr(struct builder *builder, uint8_t family, const char *set);

/** Looks up the Ethernet address of the sender in a verdict map. */
void look_up_mac(struct builder *builder, const char *map);

/** Looks up the destination address of packets of a family in a set, or compares it. */
void look_up_daddr(struct builder *builder, uint8_t family, const char *set);
void match_daddr(struct builder *builder, uint8_t family, const void *address);

/** Compares the destination address with 224.0.0.0/4, ff00::/8, fe80::/10. */
void match_multicast(struct builder *builder);
void match_multicast6(struct builder *builder);
void match_link_local6(struct builder *builder);

/** Compares an interface. @key: NFT_META_IIF or NFT_META_OIF; @operation: NFT_CMP_* */
void match_interface(struct builder *builder, uint32_t key, uint32_t operation, uint32_t index);

/** Compares the kind of the interface that the packet arrived on, as ip-link(8) calls its type. */
void match_interface_kind(struct builder *builder, const char *kind);

/** Compares packet metadata of one byte. @key: NFT_META_*; @operation: NFT_CMP_* */
void match_meta_byte(struct builder *builder, uint32_t key, uint32_t operation, uint8_t byte);

/** Compares the destination port, which is in host byte order. */
void match_dport(struct builder *builder, uint16_t port);

/** Compares the mark. */
void match_mark(struct builder *builder, const struct fwmark *mark);
void match_any_mark(struct builder *builder);

/** Whether the socket's cgroup is at a level or deeper. */
void match_cgroup_level(struct builder *builder, uint32_t level);

/** Looks up the protocol in an anonymous set. @set: its id within the transaction; @flags: NFT_LOOKUP_F_* */
void look_up_protocol(struct builder *builder, uint32_t set, uint32_t flags);

#endif
