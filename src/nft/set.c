/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/set.h"

#include "util/array.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <stdlib.h>
#include <string.h>

/* nft's numbers for data types and byte orders (include/datatype.h of nftables). */
enum {
	TYPE_IPADDR = 7,
	TYPE_IP6ADDR = 8,
	TYPE_ETHERADDR = 9,
	TYPE_INET_PROTOCOL = 12,
	TYPE_MARK = 19,
	TYPE_IFINDEX = 20,
	TYPE_IFNAME = 41,
	TYPE_FIB_ADDR = 38,
	TYPE_CGROUPV2 = 46,
	TYPE_BITS = 6, /* of each part of a concatenation */
	TYPE_IFINDEX_IPADDR = TYPE_IFINDEX << TYPE_BITS | TYPE_IPADDR,
	TYPE_IFINDEX_IP6ADDR = TYPE_IFINDEX << TYPE_BITS | TYPE_IP6ADDR,
	BYTEORDER_MIXED = 0,
	BYTEORDER_HOST = 1,
	BYTEORDER_BIG = 2,
};

static const struct set_definition definitions[] = {
	[SET_IPV4_INTERVALS] = {NFT_SET_INTERVAL, TYPE_IPADDR, 4, BYTEORDER_BIG, "ipv4_addr"},
	[SET_IPV6_INTERVALS] = {NFT_SET_INTERVAL, TYPE_IP6ADDR, 16, BYTEORDER_BIG, "ipv6_addr"},
	[SET_CGROUPS] = {0, TYPE_CGROUPV2, 8, BYTEORDER_HOST, "cgroupsv2"},
	[SET_CGROUP_VERDICTS] = {NFT_SET_MAP, TYPE_CGROUPV2, 8, BYTEORDER_HOST, "cgroupsv2"},
	[SET_MARK_VERDICTS] = {NFT_SET_MAP, TYPE_MARK, 4, BYTEORDER_HOST, "mark"},
	[SET_INTERFACE_VERDICTS] = {NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONSTANT, TYPE_IFNAME, IFNAMSIZ,
				    BYTEORDER_HOST, "ifname"},
	[SET_IPV4_VERDICTS] = {NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONSTANT, TYPE_IPADDR, 4, BYTEORDER_BIG,
			       "ipv4_addr"},
	[SET_IPV6_VERDICTS] = {NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONSTANT, TYPE_IP6ADDR, 16, BYTEORDER_BIG,
			       "ipv6_addr"},
	[SET_MAC_VERDICTS] = {NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONSTANT, TYPE_ETHERADDR, ETH_ALEN,
			      BYTEORDER_BIG, "ether_addr"},
	[SET_IIF_VERDICTS] = {NFT_SET_MAP, TYPE_IFINDEX, 4, BYTEORDER_HOST, "iface_index"},
	[SET_IIF_IPV4_VERDICTS] = {NFT_SET_MAP, TYPE_IFINDEX_IPADDR, 8, BYTEORDER_MIXED, "iface_index . ipv4_addr"},
	[SET_IIF_IPV6_VERDICTS] = {NFT_SET_MAP, TYPE_IFINDEX_IP6ADDR, 20, BYTEORDER_MIXED, "iface_index . ipv6_addr"},
	[SET_IF_IPV4] = {0, TYPE_IFINDEX_IPADDR, 8, BYTEORDER_MIXED, "iface_index . ipv4_addr"},
	[SET_IF_IPV6] = {0, TYPE_IFINDEX_IP6ADDR, 20, BYTEORDER_MIXED, "iface_index . ipv6_addr"},
	[SET_PROTOCOLS] = {NFT_SET_ANONYMOUS | NFT_SET_CONSTANT, TYPE_INET_PROTOCOL, 1, BYTEORDER_BIG, "inet_proto"},
	[SET_ADDRESS_TYPES] = {NFT_SET_ANONYMOUS | NFT_SET_CONSTANT, TYPE_FIB_ADDR, 4, BYTEORDER_HOST, "fib_addrtype"},
};

const struct set_definition *set_definition(enum set_type type)
{
	return &definitions[type];
}

bool set_is_map(enum set_type type)
{
	return definitions[type].flags & NFT_SET_MAP;
}

bool set_has_intervals(enum set_type type)
{
	return definitions[type].flags & NFT_SET_INTERVAL;
}

bool set_is_constant(enum set_type type)
{
	return definitions[type].flags & NFT_SET_CONSTANT;
}

int set_add(struct set *set, const void *key, uint32_t flags, const struct verdict *verdict)
{
	struct set_element *elements = array_reserve(set->elements, &set->capacity, set->count + 1, sizeof(*elements));

	if (elements == NULL)
		return -ENOMEM;
	set->elements = elements;
	elements[set->count] = (struct set_element){.flags = flags, .verdict = verdict};
	memcpy(elements[set->count].key, key, definitions[set->type].key_size);
	set->count++;
	return 0;
}

/* Computes the address after @address. Returns false if @address is the last one. */
static bool next_address(uint8_t *address, size_t size)
{
	for (size_t i = size; i > 0; i--) {
		if (++address[i - 1] != 0)
			return true;
	}
	return false;
}

int set_add_interval(struct set *set, const void *first, const void *last, const struct verdict *verdict)
{
	const size_t size = definitions[set->type].key_size;
	uint8_t behind[SET_KEY_MAX];
	int error = set_add(set, first, 0, verdict);

	memcpy(behind, last, size);
	if (error == 0 && next_address(behind, size))
		error = set_add(set, behind, NFT_SET_ELEM_INTERVAL_END, NULL);
	return error;
}

static int compare_flags(const struct set_element *one, const struct set_element *other)
{
	return (one->flags < other->flags) - (one->flags > other->flags);
}

static int compare_bytes(const void *left, const void *right)
{
	const struct set_element *one = left;
	const struct set_element *other = right;
	int order = memcmp(one->key, other->key, sizeof(one->key));

	return order != 0 ? order : compare_flags(one, other);
}

/* For keys that are numbers. The padding of a short one preserves the order in either byte order. */
static int compare_numbers(const void *left, const void *right)
{
	const struct set_element *one = left;
	const struct set_element *other = right;
	uint64_t a = 0;
	uint64_t b = 0;

	memcpy(&a, one->key, sizeof(a));
	memcpy(&b, other->key, sizeof(b));
	return a != b ? (a > b) - (a < b) : compare_flags(one, other);
}

static int (*comparison(enum set_type type))(const void *left, const void *right)
{
	const struct set_definition *definition = &definitions[type];

	/* names are in host byte order as well, to nft */
	return definition->byteorder == BYTEORDER_HOST && definition->key_size <= sizeof(uint64_t) ? compare_numbers
												   : compare_bytes;
}

int set_element_compare(enum set_type type, const struct set_element *one, const struct set_element *other)
{
	return comparison(type)(one, other);
}

uint32_t set_room(size_t elements, uint32_t least)
{
	uint32_t room = least;

	while (room < 2 * elements && room <= UINT32_MAX / 2)
		room *= 2;
	return room;
}

void set_sort(struct set *set)
{
	if (set->count > 0)
		qsort(set->elements, set->count, sizeof(*set->elements), comparison(set->type));
}

const struct set_element *set_find(const struct set *set, const void *key)
{
	struct set_element sought = {0};

	memcpy(sought.key, key, definitions[set->type].key_size);
	if (set->count == 0)
		return NULL;
	return bsearch(&sought, set->elements, set->count, sizeof(sought), comparison(set->type));
}

bool set_equal(const struct set *one, const struct set *other)
{
	if (one->type != other->type || one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++) {
		if (set_element_compare(one->type, &one->elements[i], &other->elements[i]) != 0 ||
		    !verdict_equal(one->elements[i].verdict, other->elements[i].verdict))
			return false;
	}
	return true;
}

/* FNV-1a */
static uint32_t hash_bytes(uint32_t hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x01000193;
	return hash;
}

uint32_t set_hash(const struct set *set)
{
	uint32_t hash = 0x811c9dc5;

	for (size_t i = 0; i < set->count; i++) {
		const struct set_element *element = &set->elements[i];

		hash = hash_bytes(hash, element->key, definitions[set->type].key_size);
		hash = hash_bytes(hash, &element->flags, sizeof(element->flags));
		if (element->verdict == NULL)
			continue;
		hash = hash_bytes(hash, &element->verdict->kind, sizeof(element->verdict->kind));
		hash = hash_bytes(hash, element->verdict->chain, strlen(element->verdict->chain));
	}
	return hash;
}

void set_clear(struct set *set)
{
	free(set->elements);
	set->elements = NULL;
	set->count = 0;
	set->capacity = 0;
}
