/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_PARTS_H
#define CGTPROXY_ENGINE_PARTS_H

#include "config/config.h"
#include "nft/ruleset.h"

#include <linux/netfilter.h>
#include <stdbool.h>
#include <stddef.h>

/* Rules that several chains have in common. The functions return 0 or -ENOMEM. */

/** The conditions for questions for names, over UDP (0) and TCP (1), which a relay answers. */
#define MATCH_QUESTIONS(index)                                                                                         \
	{.kind = STATEMENT_L4PROTO, .protocol = (index) == 0 ? IPPROTO_UDP : IPPROTO_TCP},                             \
	{                                                                                                              \
		.kind = STATEMENT_DPORT, .port = DNS_PORT                                                              \
	}

/** Packets to the addresses of the bypass sets leave the chain. */
int part_add_bypass(struct chain *chain);

/** All packets are rejected. */
int part_add_rejects(struct chain *chain);

/**
 * The kinds of traffic that a proxy's keys refuse go to a chain. Refusing wins over direct, so this comes before
 * part_add_exclusions().
 *
 * @has_groups: packets to multicast and broadcast addresses get here, too
 */
int part_add_refusals(struct chain *chain, const struct proxy *proxy, const char *refuse, bool has_groups);

/** The kinds of traffic that a proxy's keys leave direct leave the chain. */
int part_add_exclusions(struct chain *chain, const struct proxy *proxy);

/** A kind of traffic to port 53 that dns-hijack redirects: one address family and one protocol. */
struct hijacked {
	bool ip6;
	bool tcp;
};

enum { HIJACKED_MAX = 4 };

/** Lists the kinds that are redirected, at most HIJACKED_MAX. Returns how many there are. */
size_t part_list_hijacked(const struct dns_hijack *hijack, struct hijacked *kinds);

/** The conditions for one kind. */
#define MATCH_HIJACKED(hijacked)                                                                                       \
	{.kind = STATEMENT_NFPROTO, .protocol = (hijacked).ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4},                         \
		{.kind = STATEMENT_L4PROTO, .protocol = (hijacked).tcp ? IPPROTO_TCP : IPPROTO_UDP},                   \
	{                                                                                                              \
		.kind = STATEMENT_DPORT, .port = DNS_PORT                                                              \
	}

/** Returns whether the name server's address is one of the loopback interface. */
bool part_is_loopback(const struct dns_hijack *hijack, bool ip6);

/** Returns the statement that redirects to the name server at its address. */
struct statement part_dnat(const struct dns_hijack *hijack, bool ip6);

#endif
