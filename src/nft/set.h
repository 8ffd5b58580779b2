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
	SET_INTERFACE_VERDICTS, /* names and prefixes of names */
	SET_IPV4_VERDICTS,
	SET_IPV6_VERDICTS,
	SET_MAC_VERDICTS,
	SET_IIF_VERDICTS,      /* indexes of interfaces */
	SET_IIF_IPV4_VERDICTS, /* an index and an address, as the next three */
	SET_IIF_IPV6_VERDICTS,
	SET_IF_IPV4,
	SET_IF_IPV6,
	SET_NAMED_TYPES,		 /* number of types of named sets */
	SET_PROTOCOLS = SET_NAMED_TYPES, /* anonymous ones, like the next */
	SET_ADDRESS_TYPES,
	SET_UNKNOWN,
};

enum { SET_KEY_MAX = 20 };

/** Properties of a set type. */
struct set_definition {
	uint32_t flags;	    /* NFT_SET_* */
	uint32_t key_type;  /* nft's number, which decides how it shows a key; opaque to the kernel */
	uint32_t key_size;  /* in bytes */
	uint32_t byteorder; /* likewise for nft only; 0 of several parts */
	const char *text;   /* the type in nft's syntax */
};

/** Returns the properties of a type other than SET_UNKNOWN. */
const struct set_definition *set_definition(enum set_type type);

/** Returns whether sets of a type are verdict maps. */
bool set_is_map(enum set_type type);

/** Returns whether the elements of sets of a type are interval boundaries. */
bool set_has_intervals(enum set_type type);

/**
 * Returns whether sets of a type never change. One that is to have other elements is another set, with another name.
 *
 * While an interval set is changed, a lookup may miss what was and remains in it (net/netfilter/nft_set_rbtree.c: an
 * element that is not active yet, or no more, hides the one that is), and packets that met other rules may be looked up
 * in it.
 */
bool set_is_constant(enum set_type type);

/** An element of a set. An interval is two of them: its first key and, with a flag, the one after its last. */
struct set_element {
	uint8_t key[SET_KEY_MAX];      /* in the set's byte order, network or host; padded with zeros */
	uint32_t flags;		       /* NFT_SET_ELEM_* */
	const struct verdict *verdict; /* of a map, or NULL, also for the end of an interval; not owned */
};

struct set {
	char name[NFT_NAME_SIZE];
	enum set_type type;
	uint32_t size; /* maximum number of elements; 0: unlimited */
	struct set_element *elements;
	size_t count;
	size_t capacity;
};

/**
 * Adds an element.
 *
 * @key:     as long as the set's keys
 * @verdict: referenced, not copied, or NULL
 *
 * Returns 0 or -ENOMEM.
 */
int set_add(struct set *set, const void *key, uint32_t flags, const struct verdict *verdict);

/**
 * Adds an interval, both ends inclusive.
 *
 * @verdict: as for set_add()
 *
 * Returns 0 or -ENOMEM.
 */
int set_add_interval(struct set *set, const void *first, const void *last, const struct verdict *verdict);

/**
 * Returns how large to make a set whose elements will change, so that it is not full soon: at least twice as many as
 * there are, and a power of two.
 */
uint32_t set_room(size_t elements, uint32_t least);

/** Sorts a set's elements by their keys. */
void set_sort(struct set *set);

/** Finds an element of a sorted set by key. Returns NULL if there is none. */
const struct set_element *set_find(const struct set *set, const void *key);

/**
 * Compares two elements of sets of a type: their keys, as bytes or numbers, and then their flags; the end of an
 * interval comes before another one's beginning.
 */
int set_element_compare(enum set_type type, const struct set_element *one, const struct set_element *other);

/** Returns whether two sorted sets have the same type and elements. */
bool set_equal(const struct set *one, const struct set *other);

/** Returns a number that differs, in all likelihood, from that of a sorted set with other elements. */
uint32_t set_hash(const struct set *set);

/** Frees a set's elements, leaving it empty. */
void set_clear(struct set *set);

#endif
