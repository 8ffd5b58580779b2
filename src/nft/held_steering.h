/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_HELD_STEERING_H
#define CGTPROXY_NFT_HELD_STEERING_H

#include "nft/nft.h"
#include "nft/ruleset.h"

#include <stdbool.h>

/** How the kernel's table finds out where a packet goes. */
struct held_steering {
	struct level_set levels; /* at which it looks for elements; the elements don't say at which they are */
	bool strict;		 /* whether it refuses packets of cgroups without an element */
};

/**
 * Reads the rules of output-mangle.
 *
 * @steering: set
 *
 * Returns 0 or a negative errno; -ENOENT when there is no such table.
 */
int held_steering_read(struct nft *nft, struct held_steering *steering);

#endif
