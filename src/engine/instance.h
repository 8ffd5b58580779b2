/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_INSTANCE_H
#define CGTPROXY_ENGINE_INSTANCE_H

#include "config/config.h"
#include "engine/container_plan.h"
#include "engine/plan.h"
#include "engine/steering.h"
#include "policy/policy.h"
#include "route/route.h"
#include "util/cleanup.h"

/** Everything derived from one config. A reload makes a new one and, once that is in force, frees the old one. */
struct instance {
	struct config *config;
	struct policy *policy;
	struct steering steering;
	struct fwmark *marks; /* of the proxies, in their order */
	struct plan plan;
	struct container_plan container_plan;
};

/**
 * Makes an instance.
 *
 * @config: the instance takes ownership, also on failure
 *
 * Returns it, to be freed with instance_free(), or NULL if out of memory.
 */
struct instance *instance_new(struct config *config);

/** Returns the table for a step of plan_full() and the containers' elements that are wanted, to be freed with
 * ruleset_free(), or NULL if out of memory. */
struct ruleset *instance_ruleset(const struct instance *instance, const struct step *step);

/** Returns the marks of a config's proxies in their order, to be freed with free(), or NULL if out of memory. */
struct fwmark *config_marks(const struct config *config);

/**
 * Returns the policy routing of a config, with pointers into it.
 *
 * @marks: of config_marks(), or NULL if out of memory
 */
struct routing config_routing(const struct config *config, const struct fwmark *marks);

/** Returns the policy rules and routes that an instance needs: none unless it is to @steer. */
struct routing instance_routing(const struct instance *instance, bool steer);

void instance_free(struct instance *instance);

DEFINE_CLEANUP(struct instance *, instance_free)

#endif
