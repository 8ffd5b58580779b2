/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_SET_H
#define CGTPROXY_NFT_SET_H

#include "nft/ruleset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The named sets and maps of our table, and what is in them as the kernel sees it. */

enum set_index {
	SET_INDEX_BYPASS,
	SET_INDEX_BYPASS6,
	SET_INDEX_CGROUPS,
	SET_INDEX_MARKS,
	SET_INDEX_DNS_MARKS,
	SET_COUNT,
};

enum { SET_KEY_MAX = 16 };

struct set_definition {
	const char *name;
	uint32_t flags; /* NFT_SET_* */
	uint32_t key_type;
	uint32_t key_size;
	uint32_t byteorder;
};

/** The sets by enum set_index. */
extern const struct set_definition set_definitions[SET_COUNT];

/** Returns what the set of the cgroups that go to a target is like; it refers to the name. */
struct set_definition set_of_target(const char *name);

/** nft's numbers for data types and byte orders that other sets need. */
enum {
	SET_TYPE_INET_PROTOCOL = 12,
	SET_BYTEORDER_BIG = 2,
};

/** An element of a set; an interval is two of them, its first address and, with a flag, the one behind its last. */
struct set_element {
	uint8_t key[SET_KEY_MAX]; /* network or host byte order as the set has it; zeroes behind its size */
	uint32_t flags;		  /* NFT_SET_ELEM_* */
	const struct verdict *verdict;
};

struct set_elements {
	struct set_element *items; /* for free() */
	size_t count;
	size_t capacity;
};

/**
 * Adds an element.
 *
 * @verdict: referred to, or NULL
 *
 * Returns 0 or -ENOMEM.
 */
int set_elements_add(struct set_elements *elements, const void *key, size_t size, uint32_t flags,
		     const struct verdict *verdict);

/**
 * Lists the elements that a ruleset puts into one of its sets, in the order of their keys; none for the cgroups, which
 * come from elsewhere.
 *
 * @elements: zeroed; refers to the ruleset's verdicts
 *
 * Returns 0 or -ENOMEM.
 */
int set_elements_of(const struct ruleset *ruleset, enum set_index index, struct set_elements *elements);

/** Sorts elements by their keys. */
void set_elements_sort(struct set_elements *elements);

/** Returns whether two sorted lists of elements say the same. */
bool set_elements_equal(const struct set_elements *one, const struct set_elements *other);

/** Returns the kernel's number for a kind of verdict: NF_* or NFT_*. */
int verdict_code(enum verdict_kind kind);

/** Returns whether two verdicts, each of which may be NULL, are the same. */
bool verdict_equal(const struct verdict *one, const struct verdict *other);

#endif
