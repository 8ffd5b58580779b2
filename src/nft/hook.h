/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_HOOK_H
#define CGTPROXY_NFT_HOOK_H

#include "nft/ruleset.h"

#include <stdint.h>

/** Where a base chain is attached in the kernel's packet path. */
struct hook {
	const char *type;
	uint32_t number; /* NF_INET_* */
	int32_t priority;
	const char *text; /* the same in nft's syntax */
};

/** Returns the hook's properties for the kernel and for nft, or NULL for HOOK_NONE. */
const struct hook *hook_of(enum chain_hook hook);

#endif
