/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_INSTANCE_H
#define CGTPROXY_ENGINE_INSTANCE_H

#include "config/config.h"
#include "engine/plan.h"
#include "engine/steering.h"
#include "policy/policy.h"
#include "route/route.h"
#include "util/cleanup.h"

/** All that follows from one config. A reload makes another one and, once it is in force, ends the first. */
struct instance {
	struct config *config;
	struct policy *policy;
	struct steering steering;
	struct fwmark *marks; /* of the proxies, in their order */
	struct plan plan;
};

/**
 * Makes an instance.
 *
 * @config: belongs to the instance from then on, whatever this returns
 *
 * Returns it, for instance_free(), or NULL without memory.
 */
struct instance *instance_new(struct config *config);

/** Returns the table that a step which gives out everything asks for, for ruleset_free(), or NULL without memory. */
struct ruleset *instance_ruleset(const struct instance *instance, const struct step *step);

/** Returns the marks of a config's proxies in their order, for free(), or NULL without memory. */
struct fwmark *config_marks(const struct config *config);

/** Returns the policy rules and routes that an instance takes, or that none are wanted when it does not @steer. */
struct routing instance_routing(const struct instance *instance, bool steer);

void instance_free(struct instance *instance);

DEFINE_CLEANUP(struct instance *, instance_free)

#endif
