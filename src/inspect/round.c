/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/round.h"

#include "engine/instance.h"
#include "inspect/finders.h"
#include "inspect/gateway_problems.h"
#include "inspect/proxy_loop.h"
#include "inspect/routing_problems.h"
#include "inspect/watches.h"
#include "inspect/ways.h"

#include <errno.h>

void round_end(struct round *round)
{
	listeners_clear(&round->listeners);
	coverage_clear(&round->coverage);
	proxy_cgroups_clear(&round->cgroups);
	for (size_t i = 0; i < ROUND_AREAS; i++)
		problems_clear(&round->found[i]);
	*round = (struct round){0};
}

void round_begin(struct round *round, bool is_first)
{
	round_end(round);
	round->is_running = true;
	round->is_first = is_first;
}

static const struct config *config_of(const struct engine *engine)
{
	return engine_instance(engine)->config;
}

static int look_at_engine(struct engine *engine, struct problems *problems)
{
	const struct routing routing = instance_routing(engine_instance(engine), true);
	int result = routing_judge_rules(&routing, engine_routes(engine), true, problems);

	if (result == 0)
		result = routing_judge_routes(&routing, engine_routes(engine), true, problems);
	if (result == 0)
		result = fence_judge(engine_fenced(engine), problems);
	if (result == 0)
		result = watches_report(engine_unwatched(engine), engine_tree(engine)->count + 1, problems);
	return result;
}

/* What takes next to no time. */
static int look_at_small_things(struct round *round, struct engine *engine, const struct refusal *refusal)
{
	const struct config *config = config_of(engine);
	struct ways ways;
	int result = config_file_judge(config->file, config->loaded.tv_sec, config->version, refusal,
				       &round->found[AREA_FILE]);

	if (result == 0 && !round->is_first)
		result = ways_inspect(config, &ways, &round->found[AREA_WAYS]);
	if (result == 0)
		result = bridges_judge(config, &round->found[AREA_BRIDGES]);
	if (result == 0 && !round->is_first)
		result = gateway_judge(config, &round->found[AREA_GATEWAY]);
	if (result == 0)
		result = look_at_engine(engine, &round->found[AREA_ENGINE]);
	return result == 0 ? proxies_look_around(&round->surroundings) : result;
}

static int end_proxy(struct round *round, const struct config *config)
{
	int result = 0;

	if (!round->is_first)
		result = proxy_judge(config, &config->proxies[round->proxy], &round->listeners, &round->surroundings,
				     &round->found[AREA_PROXIES]);
	if (result == 0)
		result = proxy_cgroups_add(&round->cgroups, round->proxy, &round->listeners, &round->surroundings);
	listeners_clear(&round->listeners);
	round->proxy++;
	round->question = 0;
	return result;
}

static int ask_for_listeners(struct round *round, const struct config *config)
{
	int result = listeners_ask(round->question, config->proxies[round->proxy].port, &round->listeners);

	round->question++;
	return result == 0 && round->question == LISTENER_QUESTIONS ? end_proxy(round, config) : result;
}

static int take_in_cgroup(struct round *round, struct instance *instance, const struct cgroup *cgroup)
{
	size_t count = 0;
	const struct proxy_cgroup *found = proxy_cgroups_find(&round->cgroups, cgroup->id, &count);
	int result = coverage_add(&round->coverage, cgroup);

	for (size_t i = 0; i < count && cgroup->parent != NULL && result == 0; i++)
		result = proxy_loop_judge(&instance->plan, cgroup, found[i].proxy, &round->found[AREA_PROXIES]);
	return result;
}

/* Takes in one cgroup. Returns 1 at the end of the walk. */
static int walk(struct round *round, struct engine *engine)
{
	struct instance *instance = engine_instance(engine);
	const struct cgroup *cgroup = NULL;
	int result = 0;

	if (!round->is_walking) {
		round->is_walking = true;
		engine_walk_begin(engine);
		result = coverage_begin(&round->coverage, &instance->plan);
	}
	if (result == 0) {
		cgroup = engine_walk_next(engine);
		result = cgroup != NULL ? take_in_cgroup(round, instance, cgroup) : 1;
	}
	if (result == 1 && coverage_judge(&round->coverage, &round->found[AREA_RULES]) < 0)
		result = -ENOMEM;
	return result;
}

bool round_go_on(struct round *round, struct engine *engine, const struct refusal *refusal, uint64_t until,
		 uint64_t (*clock)(void))
{
	int result = 0;

	do {
		if (round->proxy == 0 && round->question == 0 && !round->is_walking)
			result = look_at_small_things(round, engine, refusal);
		if (result == 0 && round->proxy < config_of(engine)->proxy_count)
			result = ask_for_listeners(round, config_of(engine));
		else if (result == 0)
			result = walk(round, engine);
	} while (result == 0 && clock() < until);
	round->result = result < 0 ? result : 0;
	round->is_running = result == 0;
	return round->is_running;
}
