/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_HOOK_H
#define CGTPROXY_NFT_HOOK_H

#include "nft/ruleset.h"

#include <stdint.h>

/** Where in a packet's way through the kernel a base chain stands. */
struct hook {
	const char *type;
	uint32_t number; /* NF_INET_* */
	int32_t priority;
	const char *text; /* the same as nft reads it */
};

/** Returns what a hook of ruleset.h is to the kernel and to nft, or NULL for HOOK_NONE. */
const struct hook *hook_of(enum chain_hook hook);

#endif
