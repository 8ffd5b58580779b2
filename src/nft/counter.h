/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_COUNTER_H
#define CGTPROXY_NFT_COUNTER_H

#include "nft/attributes.h"
#include "nft/nft.h"
#include "nft/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

/** A named counter of our table. */
struct counter {
	char name[NFT_NAME_SIZE];
	uint64_t packets;
	uint64_t bytes;
};

/** Parses a counter from the attributes of an object. Returns whether it could be ours. */
bool counter_read(struct counter *counter, const struct attributes *object);

/**
 * Reads a counter from the kernel.
 *
 * Returns 0, -ENOENT when there is no such counter, or another negative errno.
 */
int nft_query_counter(struct nft *nft, const char *name, struct counter *counter);

/** Asks for a counter, and has it begin again with 0. Likewise. */
int nft_reset_counter(struct nft *nft, const char *name, struct counter *counter);

#endif
