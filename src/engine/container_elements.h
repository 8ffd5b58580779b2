/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CONTAINER_ELEMENTS_H
#define CGTPROXY_ENGINE_CONTAINER_ELEMENTS_H

#include "container/container.h"
#include "nft/set.h"

#include <stddef.h>
#include <stdint.h>

/* How a packet's interface and address lead to a container's target. */

/** Where a container's element is. */
enum container_set {
	CONTAINER_INTERFACE, /* by the interface that its packets arrive on */
	CONTAINER_SOURCE,    /* by that and their source, IPv4 or IPv6, where others' packets arrive as well */
	CONTAINER_SOURCE6,
	CONTAINER_MAPS,
	CONTAINER_ADDRESS = CONTAINER_MAPS, /* its address, and the interface that leads there */
	CONTAINER_ADDRESS6,
	CONTAINER_SETS,
};

/* Targets of elements, beside those of config.h: */

/** No rule is for it, so those of the gateway decide. */
#define TARGET_NO_RULE (UINT32_MAX - 2)
/** Others' packets arrive on the interface, too. */
#define TARGET_BY_SOURCE (UINT32_MAX - 1)
/** Not known, or of no meaning. */
#define TARGET_NONE UINT32_MAX

struct container_element {
	enum container_set set;
	uint32_t target;
	uint8_t key[SET_KEY_MAX];
};

/** Sorted by set and key, without duplicates, once container_elements_sort() was called. */
struct container_elements {
	struct container_element *items;
	size_t count;
	size_t capacity;
};

/** Returns the more restrictive one of two targets. */
uint32_t container_stricter(uint32_t one, uint32_t other);

/** Adds the elements of a container. Returns 0 or -ENOMEM. */
int container_elements_add(struct container_elements *elements, const struct container *container, uint32_t target);

/** Adds an element. Returns 0 or -ENOMEM. */
int container_elements_put(struct container_elements *elements, const struct container_element *element);

/** Sorts, and leaves one of those with the same key: that with the most restrictive target. */
void container_elements_sort(struct container_elements *elements);

/** Compares by set and key, like memcmp(). */
int container_element_compare(const struct container_element *one, const struct container_element *other);

/** Returns the element of sorted ones with that set and key, or NULL. */
const struct container_element *container_elements_find(const struct container_elements *elements,
							const struct container_element *key);

/** Copies elements to others, which are replaced. Returns 0 or -ENOMEM. */
int container_elements_copy(struct container_elements *elements, const struct container_elements *others);

void container_elements_clear(struct container_elements *elements);

#endif
