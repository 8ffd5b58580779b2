/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/trace_match.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

static int nfproto(const struct packet *packet)
{
	return packet->destination.to.family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

bool match_is_in(const struct set *set, const struct endpoint *address)
{
	bool found = false;

	for (size_t i = 0; set != NULL && i < set->count; i++) {
		if (memcmp(set->elements[i].key, &address->ip6, address_size(address->family)) > 0)
			break;
		found = !(set->elements[i].flags & NFT_SET_ELEM_INTERVAL_END);
	}
	return found;
}

static bool is_multicast(const struct endpoint *address, int family)
{
	if (address->family != family)
		return false;
	return family == AF_INET ? IN_MULTICAST(ntohl(address->ip.s_addr)) : IN6_IS_ADDR_MULTICAST(&address->ip6);
}

static bool is_tcp_or_udp(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* The last boundary at or before the key decides. */
static const struct verdict *find_interval(const struct set *map, const void *key)
{
	const size_t size = set_definition(map->type)->key_size;
	const struct verdict *found = NULL;

	for (size_t i = 0; i < map->count && memcmp(map->elements[i].key, key, size) <= 0; i++)
		found = (map->elements[i].flags & NFT_SET_ELEM_INTERVAL_END) != 0 ? NULL : map->elements[i].verdict;
	return found;
}

/* Returns the verdict of a map, or NULL. */
static const struct verdict *find_verdict(const struct set *map, const void *key)
{
	const struct set_element *found = NULL;

	if (map == NULL)
		return NULL;
	if (set_has_intervals(map->type))
		return find_interval(map, key);
	found = set_find(map, key);
	return found != NULL ? found->verdict : NULL;
}

/* In a map by interface and source. */
static const struct verdict *find_by_source(const struct set *map, const struct sender *sender)
{
	uint8_t key[SET_KEY_MAX] = {0};

	memcpy(key, &sender->index, sizeof(sender->index));
	memcpy(key + sizeof(sender->index), &sender->source.ip6, address_size(sender->source.family));
	return sender->index != 0 ? find_verdict(map, key) : NULL;
}

/* Whether the destination is a container's address; where it is routed is not asked. */
static bool is_of_container(const struct ruleset *ruleset, const struct endpoint *to, const char *name)
{
	const struct set *set = ruleset_find_set(ruleset, name);

	for (size_t i = 0; set != NULL && i < set->count; i++) {
		if (memcmp(set->elements[i].key + sizeof(uint32_t), &to->ip6, address_size(to->family)) == 0)
			return true;
	}
	return false;
}

const struct verdict *match_sender(const struct ruleset *ruleset, const struct packet *packet,
				   const struct statement *statement)
{
	const struct sender *sender = packet->sender;
	const struct set *map = ruleset_find_set(ruleset, statement->name);

	if (sender == NULL)
		return NULL;
	switch (statement->kind) {
	case STATEMENT_IIF_VMAP:
		return sender->index != 0 ? find_verdict(map, &sender->index) : NULL;
	case STATEMENT_IIF_SADDR_VMAP:
		return sender->source.family == AF_INET ? find_by_source(map, sender) : NULL;
	case STATEMENT_IIF_SADDR6_VMAP:
		return sender->source.family == AF_INET6 ? find_by_source(map, sender) : NULL;
	case STATEMENT_IIFNAME_VMAP:
		return sender->interface[0] != '\0' ? find_verdict(map, sender->interface) : NULL;
	case STATEMENT_SADDR_VMAP:
		return sender->source.family == AF_INET ? find_verdict(map, &sender->source.ip) : NULL;
	case STATEMENT_SADDR6_VMAP:
		return sender->source.family == AF_INET6 ? find_verdict(map, &sender->source.ip6) : NULL;
	case STATEMENT_MAC_VMAP:
		return sender->has_mac ? find_verdict(map, sender->mac) : NULL;
	default:
		return NULL;
	}
}

bool match_holds(const struct ruleset *ruleset, const struct packet *packet, const struct statement *statement)
{
	const struct destination *destination = &packet->destination;
	const uint8_t protocol = destination->protocol;

	switch (statement->kind) {
	case STATEMENT_CT_REPLY:
	case STATEMENT_CT_LABEL:
	case STATEMENT_CT_DNAT:
	case STATEMENT_CT_ESTABLISHED:
	case STATEMENT_CT_INVALID:
	case STATEMENT_CT_RELATED:
	case STATEMENT_SADDR_FOREIGN:
	case STATEMENT_SADDR_LOCAL:
	case STATEMENT_SADDR_ELSEWHERE:
	case STATEMENT_IIF_VETH:
		return false;
	case STATEMENT_IIF_VMAP:
	case STATEMENT_IIF_SADDR_VMAP:
	case STATEMENT_IIF_SADDR6_VMAP:
	case STATEMENT_IIFNAME_VMAP:
	case STATEMENT_SADDR_VMAP:
	case STATEMENT_SADDR6_VMAP:
	case STATEMENT_MAC_VMAP:
		return match_sender(ruleset, packet, statement) != NULL;
	case STATEMENT_IIF_LO:
		return packet->sender == NULL;
	case STATEMENT_DADDR_LOCAL:
		return destination->type == ADDRESS_LOCAL;
	case STATEMENT_DADDR_TO_US:
		return destination->type != ADDRESS_REMOTE && destination->type != ADDRESS_UNREACHABLE;
	case STATEMENT_DADDR_BROADCAST:
		return destination->type == ADDRESS_BROADCAST;
	case STATEMENT_DADDR_MULTICAST:
		return is_multicast(&destination->to, AF_INET);
	case STATEMENT_DADDR_MULTICAST6:
		return is_multicast(&destination->to, AF_INET6);
	case STATEMENT_DADDR_LINK_LOCAL:
		return destination->to.family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&destination->to.ip6);
	case STATEMENT_DADDR_IN:
		return destination->to.family == AF_INET &&
		       match_is_in(ruleset_find_set(ruleset, statement->name), &destination->to);
	case STATEMENT_DADDR6_IN:
		return destination->to.family == AF_INET6 &&
		       match_is_in(ruleset_find_set(ruleset, statement->name), &destination->to);
	case STATEMENT_OIF_DADDR_IN:
		return destination->to.family == AF_INET && is_of_container(ruleset, &destination->to, statement->name);
	case STATEMENT_OIF_DADDR6_IN:
		return destination->to.family == AF_INET6 &&
		       is_of_container(ruleset, &destination->to, statement->name);
	case STATEMENT_NFPROTO:
		return statement->protocol == nfproto(packet);
	case STATEMENT_L4PROTO:
		return protocol == statement->protocol;
	case STATEMENT_NOT_L4PROTO:
		return protocol != statement->protocol;
	case STATEMENT_TCP_OR_UDP:
		return is_tcp_or_udp(protocol);
	case STATEMENT_NOT_TCP_OR_UDP:
		return !is_tcp_or_udp(protocol);
	case STATEMENT_DPORT:
		return destination->to.port == statement->port;
	case STATEMENT_CGROUP_VMAP:
	case STATEMENT_CGROUP_IN:
	case STATEMENT_IN_CGROUP:
	case STATEMENT_CT_UNCONFIRMED:
	case STATEMENT_CT_ORIGINAL:
	case STATEMENT_CT_NO_LABEL:
	case STATEMENT_DADDR:
	case STATEMENT_DADDR6:
	case STATEMENT_IIF_ANY:
	case STATEMENT_IIF_NONE:
	case STATEMENT_OIF_LO:
	case STATEMENT_MARK:
	case STATEMENT_MARKED:
	case STATEMENT_MARK_VMAP:
	case STATEMENT_COUNTER_NAME:
	case STATEMENT_SET_MARK:
	case STATEMENT_SET_CT_LABEL:
	case STATEMENT_DNAT:
	case STATEMENT_DNAT6:
	case STATEMENT_REDIRECT:
	case STATEMENT_TPROXY:
	case STATEMENT_TPROXY_IP:
	case STATEMENT_TPROXY_IP6:
	case STATEMENT_REJECT:
	case STATEMENT_REJECT_RESET:
	case STATEMENT_VERDICT:
		return true;
	}
	return true;
}
