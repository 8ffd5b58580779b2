/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_GATEWAY_LOOKUPS_H
#define CGTPROXY_ENGINE_GATEWAY_LOOKUPS_H

#include "config/config.h"
#include "nft/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

/** How the rules of a gateway are looked up in one chain. */
struct gateway_lookups {
	const struct config *config;
	struct verdict (*verdict_of)(const struct config *config, uint32_t target);
	const char *prefix; /* of the maps' names */
	bool is_complete;   /* what no rule matches fares differently from what is direct */
};

/**
 * Writes the rules that look up packets by the selectors of the gateway's rules, and adds the maps for that. The first
 * rule that matches counts.
 *
 * Returns whether all packets match, 0 or 1, or -ENOMEM.
 */
int gateway_write_lookups(const struct gateway_lookups *lookups, struct ruleset *ruleset, struct chain *chain);

#endif
