/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CLAIMS_H
#define CGTPROXY_ENGINE_CLAIMS_H

#include "engine/container_elements.h"

#include <stddef.h>
#include <stdint.h>

/* Which elements containers should have. Several may claim one of the same key. */

struct claim {
	struct container_element element;
	uint64_t number; /* the container's */
};

/** Sorted by their elements, but for those that were just added. */
struct claims {
	struct claim *items;
	size_t count;
	size_t capacity;
};

/** Adds a container's claims at the end; claims_sort() them. Returns 0 or -ENOMEM. */
int claims_add(struct claims *claims, uint64_t number, const struct container_elements *elements);

void claims_sort(struct claims *claims);

/**
 * Replaces a container's claims, which may be none. This walks through all claims, which takes less time than to sort
 * them: 0.1 ms against 0.5 ms for 1,000 containers.
 *
 * Returns 0, or -ENOMEM, after which they are as they were.
 */
int claims_replace(struct claims *claims, uint64_t number, const struct container_elements *elements);

/**
 * Adds the elements that there are to be: of several claims, the one with the most restrictive target counts.
 *
 * @elements: empty
 *
 * Returns 0 or -ENOMEM.
 */
int claims_settle(const struct claims *claims, struct container_elements *elements);

void claims_clear(struct claims *claims);

#endif
