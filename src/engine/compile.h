/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_COMPILE_H
#define CGTPROXY_ENGINE_COMPILE_H

#include "config/config.h"
#include "engine/container_elements.h"
#include "engine/steering.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "policy/policy.h"

/** The table's elements. */
struct contents {
	struct level_set levels; /* that have elements */
	const struct element *elements;
	size_t element_count;
	struct container_elements containers;
};

/**
 * Determines how a config's table steers.
 *
 * @steering: set; release with steering_clear()
 *
 * Returns 0 or -ENOMEM.
 */
int compile_steering(const struct config *config, struct steering *steering);

/**
 * Compiles a config into a table.
 *
 * @steering: from compile_steering()
 *
 * Returns the ruleset, to be freed with ruleset_free(), or NULL if out of memory. It refers to the config and to the
 * verdicts of the elements.
 */
struct ruleset *compile_ruleset(const struct config *config, const struct steering *steering,
				const struct contents *contents);

/**
 * Has the kernel check the table of a config, in a transaction that is never committed.
 *
 * Returns 0 or a negative errno with @error, as nft_dry_run().
 */
int compile_and_dry_run(struct nft *nft, const struct config *config, struct error *error);

/**
 * Adds the chains that look up a packet's target by its cgroup: output-mangle and STEER-CHAIN. Returns 0 or -ENOMEM.
 */
int compile_lookups(struct ruleset *ruleset, const struct steering *steering, const struct level_set *levels);

/** Returns the policy of a config's rules, to be freed with policy_free(), or NULL if out of memory. */
struct policy *compile_policy(const struct config *config);

/** Returns the verdict for a cgroup with that target. */
struct verdict compile_verdict(const struct config *config, uint32_t target);

/**
 * Names the target of a verdict, whether or not the config has it.
 *
 * @name: NFT_NAME_SIZE bytes; set to "direct", "drop", "refuse", the proxy's name, or the chain's if it is not one of
 *        ours
 */
void compile_target_name(const struct verdict *verdict, char *name);

#endif
