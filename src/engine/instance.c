/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/instance.h"

#include "engine/compile.h"

#include <errno.h>
#include <stdlib.h>

struct fwmark *config_marks(const struct config *config)
{
	struct fwmark *marks = calloc(config->proxy_count + 1, sizeof(*marks));

	for (size_t i = 0; marks != NULL && i < config->proxy_count; i++)
		marks[i] = config->proxies[i].mark;
	return marks;
}

/* Whether anything that is forwarded goes to a proxy. */
static bool gateway_has_proxy(const struct config *config)
{
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		if (config->gateway.rules[i].target >= TARGET_FIRST_PROXY)
			return true;
	}
	for (size_t i = 0; i < config->rule_count && config->containers; i++) {
		if (config->rules[i].target >= TARGET_FIRST_PROXY)
			return true;
	}
	return false;
}

struct routing config_routing(const struct config *config, const struct fwmark *marks)
{
	return (struct routing){
		.table = config->route_table,
		.priority = config->rule_priority,
		.marks = marks,
		.mark_count = config->proxy_count,
		.gateway = config->gateway.enabled && gateway_has_proxy(config) ? &config->gateway.mark : NULL,
	};
}

struct instance *instance_new(struct config *config)
{
	struct instance *instance = calloc(1, sizeof(*instance));

	if (instance == NULL) {
		config_free(config);
		return NULL;
	}
	instance->config = config;
	container_plan_init(&instance->container_plan, config);
	instance->policy = compile_policy(config);
	instance->marks = config_marks(config);
	if (instance->policy == NULL || instance->marks == NULL || compile_steering(config, &instance->steering) < 0 ||
	    plan_init(&instance->plan, config, instance->policy) < 0) {
		instance_free(instance);
		return NULL;
	}
	return instance;
}

struct ruleset *instance_ruleset(const struct instance *instance, const struct step *step)
{
	const struct contents contents = {step->levels, step->elements, step->element_count,
					  instance->container_plan.wanted};

	return compile_ruleset(instance->config, &instance->steering, &contents);
}

struct routing instance_routing(const struct instance *instance, bool steer)
{
	if (steer)
		return config_routing(instance->config, instance->marks);
	return (struct routing){.table = instance->config->route_table, .priority = instance->config->rule_priority};
}

void instance_free(struct instance *instance)
{
	if (instance == NULL)
		return;
	plan_clear(&instance->plan);
	policy_free(instance->policy);
	steering_clear(&instance->steering);
	config_free(instance->config);
	container_plan_clear(&instance->container_plan);
	free(instance->marks);
	free(instance);
}
