/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_GATEWAY_H
#define CGTPROXY_ENGINE_GATEWAY_H

#include "config/config.h"
#include "nft/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The chains for packets that this host forwards for others. The functions that return an int return 0 or -ENOMEM.
 */

/** Returns the verdict for forwarded packets with a target, in the chain prerouting. */
struct verdict gateway_verdict(const struct config *config, uint32_t target);

/** Adds the chains of the targets, and their counters. */
int gateway_add_targets(struct ruleset *ruleset, const struct config *config);

/**
 * Adds a rule for flows that begin in the name of others: whoever that is supposed to be is not routed to where the
 * packet came from. What then looks like an answer to them is none. To be added in front of what leaves packets alone.
 */
int gateway_add_false_beginnings(struct chain *chain);

/**
 * Writes rules that lead forwarded packets to the chains of their targets by the gateway's rules.
 *
 * @refuses: those that no rule is for
 */
int gateway_write_rules(struct ruleset *ruleset, struct chain *chain, const struct config *config, bool refuses);

/** Returns whether DNS of forwarded packets with a target is redirected, or any. */
bool gateway_has_redirect(const struct config *config, uint32_t target);
bool gateway_has_redirects(const struct config *config);

/** Returns the verdict for forwarded packets with a target, in the chain prerouting-nat. */
struct verdict gateway_redirect_verdict(const struct config *config, uint32_t target);

/** Adds the chains that redirect DNS. */
int gateway_add_redirects(struct ruleset *ruleset, const struct config *config);

/** Writes rules that lead forwarded packets to these chains by the gateway's rules. */
int gateway_write_redirect_rules(struct ruleset *ruleset, struct chain *chain, const struct config *config);

/** Writes the rule of the fence that stops what was to go to a proxy and is being forwarded. */
int gateway_write_fence(struct chain *chain, const struct config *config);

#endif
