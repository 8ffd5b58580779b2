/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_ELEMENTS_H
#define CGTPROXY_NFT_ELEMENTS_H

#include "nft/batch.h"
#include "nft/ruleset.h"
#include "nft/set.h"

#include <stddef.h>
#include <stdint.h>

/* The messages that fill and empty sets and maps. */

/** Ids of sets within a transaction. Anonymous sets have the same name and take the ids behind all others'. */
enum {
	SET_ID_FIRST_NAMED = 1, /* by enum set_index */
	SET_ID_TARGETS = SET_ID_FIRST_NAMED + SET_COUNT,
	SET_ID_ANONYMOUS = 1 << 20,
};

/** Adds elements to a set, in messages of bounded size. */
void elements_put(struct batch *batch, const char *table, const struct set_definition *set, uint32_t set_id,
		  const struct set_element *elements, size_t count);

/**
 * Adds cgroups to the cgroup map and to the sets of their targets, or removes them from there.
 *
 * @type: NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM
 */
void elements_put_cgroups(struct batch *batch, uint16_t type, const struct ruleset *ruleset,
			  const struct element *elements, size_t count);

#endif
