/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_ELEMENTS_H
#define CGTPROXY_NFT_ELEMENTS_H

#include "nft/batch.h"
#include "nft/set.h"

#include <stddef.h>
#include <stdint.h>

/* Messages of bounded size that add and remove elements of sets and maps. */

enum {
	/*
	 * This many elements fit into one netlink attribute of 64 KiB even if all chain names have the maximal length.
	 */
	ELEMENTS_PER_MESSAGE = 480,
};

/** Adds elements to a set, of which only name and type are used. An element that exists already is not an error. */
void elements_put(struct batch *batch, const char *table, const struct set *set, const struct set_element *elements,
		  size_t count);

/** The same for an anonymous set, identified by its id within the transaction. */
void elements_put_anonymous(struct batch *batch, const char *table, const struct set *set, uint32_t id,
			    const struct set_element *elements, size_t count);

/** Removes elements from a set. A missing element makes the transaction fail. */
void elements_delete(struct batch *batch, const char *table, const struct set *set, const struct set_element *elements,
		     size_t count);

#endif
