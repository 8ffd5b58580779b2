/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CONTAINER_CHAINS_H
#define CGTPROXY_ENGINE_CONTAINER_CHAINS_H

#include "config/config.h"
#include "engine/container_elements.h"
#include "nft/batch.h"
#include "nft/ruleset.h"

#include <stdint.h>

/*
 * The sets and chains that lead packets of containers to the chains of the gateway. The functions that return an int
 * return 0 or -ENOMEM.
 */

/** Returns the name or the type of the set that has these elements. */
const char *container_set_name(enum container_set set);
enum set_type container_set_type(enum container_set set);

/** Returns the target that an element's verdict stands for; drop if the config does not have it. */
uint32_t container_target_of(const struct config *config, const struct verdict *verdict);

/**
 * Writes the name of the target that an element's verdict stands for, or "" if that is left to the gateway's rules.
 *
 * @name: NFT_NAME_SIZE bytes
 */
void container_target_name(const struct verdict *verdict, char *name);

/** Adds the sets to a ruleset, with elements. */
int container_add_sets(struct ruleset *ruleset, const struct config *config, const struct container_elements *elements);

/** Adds elements to our table's sets, or deletes them. Out of memory, the batch fails. */
void container_put_elements(struct batch *batch, const struct config *config,
			    const struct container_elements *elements);
void container_delete_elements(struct batch *batch, const struct config *config,
			       const struct container_elements *elements);

/** Adds the chains, but for the base chains. */
int container_add_chains(struct ruleset *ruleset, const struct config *config);

/** Writes the end of the chain prerouting, or prerouting-nat, for all that arrives from other hosts. */
int container_write_prerouting(struct chain *chain, const struct config *config);
int container_write_prerouting_nat(struct chain *chain);

#endif
