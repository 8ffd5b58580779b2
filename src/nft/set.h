/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_SET_H
#define CGTPROXY_NFT_SET_H

#include "nft/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets and maps as the kernel sees them. */

enum set_type {
	SET_IPV4_INTERVALS,
	SET_IPV6_INTERVALS,
	SET_CGROUPS,
	SET_CGROUP_VERDICTS,
	SET_MARK_VERDICTS,
	SET_NAMED_TYPES, /* so many of them are sets with a name */
	SET_PROTOCOLS = SET_NAMED_TYPES,
	SET_UNKNOWN,
};

enum { SET_KEY_MAX = 16 };

/** What sets of a type are like. */
struct set_definition {
	uint32_t flags;	    /* NFT_SET_* */
	uint32_t key_type;  /* nft's number, by which it shows a key; it means nothing to the kernel */
	uint32_t key_size;  /* in bytes */
	uint32_t byteorder; /* likewise nft's */
	const char *text;   /* as nft writes the type */
};

/** Returns what sets of a type that is not SET_UNKNOWN are like. */
const struct set_definition *set_definition(enum set_type type);

/** Returns whether sets of a type give verdicts. */
bool set_is_map(enum set_type type);

/** Returns whether the elements of sets of a type are the ends of intervals. */
bool set_has_intervals(enum set_type type);

/** An element of a set; an interval is two of them, its first address and, with a flag, the one behind its last. */
struct set_element {
	uint8_t key[SET_KEY_MAX];      /* network or host byte order as the set has it; zeroes behind its size */
	uint32_t flags;		       /* NFT_SET_ELEM_* */
	const struct verdict *verdict; /* of a map, or NULL; it belongs to somebody else */
};

struct set {
	char name[NFT_NAME_SIZE];
	enum set_type type;
	uint32_t size; /* room for so many elements; 0: for any number */
	struct set_element *elements;
	size_t count;
	size_t capacity;
};

/**
 * Adds an element.
 *
 * @key:     as many bytes as the set's keys have
 * @verdict: referred to, or NULL
 *
 * Returns 0 or -ENOMEM.
 */
int set_add(struct set *set, const void *key, uint32_t flags, const struct verdict *verdict);

/** Adds an interval of addresses, both ends included. Returns 0 or -ENOMEM. */
int set_add_interval(struct set *set, const void *first, const void *last);

/** Sorts a set's elements by their keys. */
void set_sort(struct set *set);

/** Returns the element of a sorted set with that key, or NULL. */
const struct set_element *set_find(const struct set *set, const void *key);

/** Compares two elements of sets of a type: first their keys, as addresses or numbers, and then their flags. */
int set_element_compare(enum set_type type, const struct set_element *one, const struct set_element *other);

/** Frees a set's elements; it is empty then. */
void set_clear(struct set *set);

#endif
