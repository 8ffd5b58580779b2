/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_GENERATION_H
#define CGTPROXY_ENGINE_GENERATION_H

#include "config/config.h"
#include "engine/plan.h"
#include "engine/steering.h"
#include "policy/policy.h"
#include "route/route.h"

/** All that follows from one config. A reload makes another one and, once it is in force, ends the first. */
struct generation {
	struct config *config;
	struct policy *policy;
	struct steering steering;
	struct fwmark *marks; /* of the proxies, in their order */
	struct plan plan;
};

/**
 * Makes a generation.
 *
 * @config: belongs to the generation from then on, whatever this returns
 *
 * Returns it, for generation_free(), or NULL without memory.
 */
struct generation *generation_new(struct config *config);

/** Returns the table that a step which gives out everything asks for, for ruleset_free(), or NULL without memory. */
struct ruleset *generation_ruleset(const struct generation *generation, const struct step *step);

/** Returns the marks of a config's proxies in their order, for free(), or NULL without memory. */
struct fwmark *config_marks(const struct config *config);

/** Returns the policy rules and routes that a generation takes, or that none are wanted when it does not @steer. */
struct routing generation_routing(const struct generation *generation, bool steer);

void generation_free(struct generation *generation);

#endif
