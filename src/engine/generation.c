/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/generation.h"

#include "engine/compile.h"

#include <errno.h>
#include <stdlib.h>

struct fwmark *config_marks(const struct config *config)
{
	struct fwmark *marks = calloc(config->proxy_count + 1, sizeof(*marks));

	for (size_t i = 0; marks != NULL && i < config->proxy_count; i++)
		marks[i] = (struct fwmark){config->proxies[i].mark, config->proxies[i].mask};
	return marks;
}

struct generation *generation_new(struct config *config)
{
	struct generation *generation = calloc(1, sizeof(*generation));

	if (generation == NULL) {
		config_free(config);
		return NULL;
	}
	generation->config = config;
	generation->policy = compile_policy(config);
	generation->marks = config_marks(config);
	if (generation->policy == NULL || generation->marks == NULL ||
	    compile_steering(config, &generation->steering) < 0 ||
	    plan_init(&generation->plan, config, generation->policy) < 0) {
		generation_free(generation);
		return NULL;
	}
	return generation;
}

struct ruleset *generation_ruleset(const struct generation *generation, const struct step *step)
{
	const struct contents contents = {step->levels, step->elements, step->element_count};

	return compile_ruleset(generation->config, &generation->steering, &contents);
}

struct routing generation_routing(const struct generation *generation, bool steer)
{
	return (struct routing){
		.table = generation->config->route_table,
		.priority = generation->config->rule_priority,
		.marks = generation->marks,
		.mark_count = steer ? generation->config->proxy_count : 0,
	};
}

void generation_free(struct generation *generation)
{
	if (generation == NULL)
		return;
	plan_clear(&generation->plan);
	policy_free(generation->policy);
	steering_clear(&generation->steering);
	config_free(generation->config);
	free(generation->marks);
	free(generation);
}
