/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_COMPILE_H
#define CGTPROXY_ENGINE_COMPILE_H

#include "config/config.h"
#include "nft/ruleset.h"
#include "policy/policy.h"

/**
 * Turns a config into the table that carries it out, but for its cgroups.
 *
 * Returns the ruleset, for ruleset_free(), or NULL without memory. It refers to the config's names.
 */
struct ruleset *compile_ruleset(const struct config *config);

/** Returns the policy of a config's rules, for policy_free(), or NULL without memory. */
struct policy *compile_policy(const struct config *config);

/** Returns the verdict that sends a cgroup to a target. */
struct verdict compile_verdict(const struct config *config, uint32_t target);

/**
 * Names the target that a verdict sends a cgroup to, whether it is one of this config or not.
 *
 * @name: CHAIN_NAME_SIZE bytes; set to "direct", "drop", "refuse", the proxy's name, or the chain's when it is none of
 * ours
 */
void compile_target_name(const struct verdict *verdict, char *name);

#endif
