/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_GATEWAY_H
#define CGTPROXY_ENGINE_GATEWAY_H

#include "config/config.h"
#include "nft/ruleset.h"

#include <stdint.h>

/* The chains for packets that this host forwards for others. The functions return 0 or -ENOMEM. */

/** Returns the verdict for forwarded packets with a target, in the chain prerouting. */
struct verdict gateway_verdict(const struct config *config, uint32_t target);

/** Adds the chains of the targets, and their counters. */
int gateway_add_targets(struct ruleset *ruleset, const struct config *config);

/** Writes the end of the chain prerouting, which leads forwarded packets to the chains of their targets. */
int gateway_write_prerouting(struct ruleset *ruleset, struct chain *chain, const struct config *config);

/** Adds the chains that redirect DNS, if a rule leads to a proxy with dns-hijack. */
int gateway_add_redirects(struct ruleset *ruleset, const struct config *config);

/** Writes the rule of the fence that stops what was to go to a proxy and is being forwarded. */
int gateway_write_fence(struct chain *chain, const struct config *config);

#endif
