/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/set.h"

#include "util/array.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

/*
 * nft's own numbers for data types (include/datatype.h of nftables). The kernel stores them and gives them no meaning;
 * "nft list" reads them to show a key as an address, a mark or a cgroup.
 */
enum {
	TYPE_IPADDR = 7,
	TYPE_IP6ADDR = 8,
	TYPE_MARK = 19,
	TYPE_CGROUPV2 = 46,
	BYTEORDER_HOST = 1,
};

const struct set_definition set_definitions[SET_COUNT] = {
	[SET_INDEX_BYPASS] = {SET_BYPASS, NFT_SET_INTERVAL, TYPE_IPADDR, 4, SET_BYTEORDER_BIG},
	[SET_INDEX_BYPASS6] = {SET_BYPASS6, NFT_SET_INTERVAL, TYPE_IP6ADDR, 16, SET_BYTEORDER_BIG},
	[SET_INDEX_CGROUPS] = {MAP_CGROUP, NFT_SET_MAP, TYPE_CGROUPV2, 8, BYTEORDER_HOST},
	[SET_INDEX_MARKS] = {MAP_MARK, NFT_SET_MAP, TYPE_MARK, 4, BYTEORDER_HOST},
	[SET_INDEX_DNS_MARKS] = {MAP_MARK_DNS, NFT_SET_MAP, TYPE_MARK, 4, BYTEORDER_HOST},
};

struct set_definition set_of_target(const char *name)
{
	return (struct set_definition){name, 0, TYPE_CGROUPV2, 8, BYTEORDER_HOST};
}

int verdict_code(enum verdict_kind kind)
{
	static const int codes[] = {
		[VERDICT_RETURN] = NFT_RETURN, [VERDICT_ACCEPT] = NF_ACCEPT,	  [VERDICT_DROP] = NF_DROP,
		[VERDICT_GOTO] = NFT_GOTO,     [VERDICT_CONTINUE] = NFT_CONTINUE,
	};

	return codes[kind];
}

bool verdict_equal(const struct verdict *one, const struct verdict *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	return one->kind == other->kind && (one->kind != VERDICT_GOTO || strcmp(one->chain, other->chain) == 0);
}

int set_elements_add(struct set_elements *elements, const void *key, size_t size, uint32_t flags,
		     const struct verdict *verdict)
{
	struct set_element *items =
		array_reserve(elements->items, &elements->capacity, elements->count + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	elements->items = items;
	items[elements->count] = (struct set_element){.flags = flags, .verdict = verdict};
	memcpy(items[elements->count].key, key, size);
	elements->count++;
	return 0;
}

/* The address behind @address, or false when @address is the last there is. */
static bool next_address(uint8_t *address, size_t size)
{
	for (size_t i = size; i > 0; i--) {
		if (++address[i - 1] != 0)
			return true;
	}
	return false;
}

/* The kernel's interval sets hold where an interval begins and where the addresses behind it begin. */
static int add_intervals(const struct interval_set *intervals, size_t size, struct set_elements *elements)
{
	int error = 0;

	for (size_t i = 0; i < intervals->count && error == 0; i++) {
		const struct interval *interval = &intervals->intervals[i];
		uint8_t behind[sizeof(interval->last)];

		memcpy(behind, interval->last, sizeof(behind));
		error = set_elements_add(elements, interval->first, size, 0, NULL);
		if (error == 0 && next_address(behind, size))
			error = set_elements_add(elements, behind, size, NFT_SET_ELEM_INTERVAL_END, NULL);
	}
	return error;
}

static int add_marks(const struct mark_map *marks, struct set_elements *elements)
{
	int error = 0;

	for (size_t i = 0; i < marks->count && error == 0; i++)
		error = set_elements_add(elements, &marks->elements[i].mark, sizeof(marks->elements[i].mark), 0,
					 &marks->elements[i].verdict);
	return error;
}

int set_elements_of(const struct ruleset *ruleset, enum set_index index, struct set_elements *elements)
{
	int error = 0;

	switch (index) {
	case SET_INDEX_BYPASS:
		error = add_intervals(&ruleset->bypass, set_definitions[index].key_size, elements);
		break;
	case SET_INDEX_BYPASS6:
		error = add_intervals(&ruleset->bypass6, set_definitions[index].key_size, elements);
		break;
	case SET_INDEX_MARKS:
		error = add_marks(&ruleset->marks, elements);
		break;
	case SET_INDEX_DNS_MARKS:
		error = add_marks(&ruleset->dns_marks, elements);
		break;
	case SET_INDEX_CGROUPS:
	case SET_COUNT:
		break;
	}
	set_elements_sort(elements);
	return error;
}

static int compare(const void *left, const void *right)
{
	const struct set_element *a = left;
	const struct set_element *b = right;
	int order = memcmp(a->key, b->key, sizeof(a->key));

	return order != 0 ? order : (a->flags > b->flags) - (a->flags < b->flags);
}

void set_elements_sort(struct set_elements *elements)
{
	if (elements->count > 0)
		qsort(elements->items, elements->count, sizeof(*elements->items), compare);
}

bool set_elements_equal(const struct set_elements *one, const struct set_elements *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++) {
		if (compare(&one->items[i], &other->items[i]) != 0 ||
		    !verdict_equal(one->items[i].verdict, other->items[i].verdict))
			return false;
	}
	return true;
}
