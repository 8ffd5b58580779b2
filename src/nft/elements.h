/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_ELEMENTS_H
#define CGTPROXY_NFT_ELEMENTS_H

#include "nft/batch.h"
#include "nft/set.h"

#include <stddef.h>
#include <stdint.h>

/* The messages that fill and empty sets and maps, each of bounded size. */

enum {
	/* So many elements fit one netlink attribute of 64 KiB, were every chain's name as long as it may be. */
	ELEMENTS_PER_MESSAGE = 500,
};

/** Adds elements to a set, of which name and type matter. One that is there already is no error. */
void elements_put(struct batch *batch, const char *table, const struct set *set, const struct set_element *elements,
		  size_t count);

/** The same for a set without a name, which is known by its id within the transaction. */
void elements_put_anonymous(struct batch *batch, const char *table, const struct set *set, uint32_t id,
			    const struct set_element *elements, size_t count);

/** Removes elements from a set. One that is not there fails the transaction. */
void elements_delete(struct batch *batch, const char *table, const struct set *set, const struct set_element *elements,
		     size_t count);

#endif
