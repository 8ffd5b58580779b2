/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status.h"

#include "engine/chains.h"
#include "engine/names.h"
#include "inspect/status_census.h"
#include "inspect/status_problems.h"
#include "inspect/status_relays.h"
#include "inspect/status_sources.h"
#include "util/cleanup.h"
#include "util/clock.h"

#include <stdlib.h>
#include <string.h>

/* Problems are looked for again after this multiple of the time it took to find them. */
#define PROBLEMS_COST_FACTOR 9

static void read_counter(const struct dump *dump, const char *name, struct status_target *target)
{
	const struct counter *counter = dump_find_counter(dump, name);

	if (counter == NULL)
		return;
	target->is_counted = true;
	target->packets = counter->packets;
	target->bytes = counter->bytes;
}

static void describe_proxy(const struct status_sources *sources, struct status_target *target)
{
	const struct proxy *held = config_find_proxy(sources->held, target->name);
	struct proxy *file = config_find_proxy(sources->file, target->name);

	if (held == NULL)
		return;
	target->port = held->port;
	target->mark = held->mark;
	if (file == NULL)
		return;
	target->file_port = file->port != held->port ? file->port : 0;
	if (!fwmark_equals(&file->mark, &held->mark))
		target->file_mark = file->mark;
}

static int list_targets(const struct status_sources *sources, struct status *status, struct error *error)
{
	const struct dump *dump = &sources->table.dump;

	if (!dump->state.exists)
		return 0;
	status->targets = calloc(dump->chain_count + TARGET_FIRST_PROXY, sizeof(*status->targets));
	if (status->targets == NULL)
		return status_no_memory(error);
	strcpy(status->targets[TARGET_DIRECT].name, "direct");
	strcpy(status->targets[TARGET_DROP].name, "drop");
	strcpy(status->targets[TARGET_REFUSE].name, "refuse");
	read_counter(dump, CHAIN_DROP, &status->targets[TARGET_DROP]);
	read_counter(dump, CHAIN_REFUSE, &status->targets[TARGET_REFUSE]);
	read_counter(dump, CHAIN_FENCE, &status->fence);
	status->target_count = TARGET_FIRST_PROXY;
	for (size_t i = 0; i < dump->chain_count; i++) {
		struct status_target *target = &status->targets[status->target_count];
		const char *name = chain_proxy(dump->chains[i].name);

		if (name == NULL || !text_copy(target->name, sizeof(target->name), name))
			continue;
		target->is_proxy = true;
		read_counter(dump, dump->chains[i].name, target);
		describe_proxy(sources, target);
		status->target_count++;
	}
	return 0;
}

static bool has_tproxy_chain(const struct dump *dump, const char *proxy)
{
	return dump_find_chain(dump, chain_verdict(CHAIN_TPROXY_PREFIX, proxy).chain) != NULL;
}

static bool is_whole(const struct status_sources *sources, const struct status *status)
{
	static const char *const chains[] = {CHAIN_OUTPUT_MANGLE, CHAIN_PREROUTING, CHAIN_POSTROUTING, CHAIN_DROP,
					     CHAIN_REFUSE,	  CHAIN_FENCE,	    CHAIN_STEER};
	static const char *const with_proxies[] = {CHAIN_ORPHAN, CHAIN_UNMARKED, CHAIN_OTHER_MARK};
	const struct dump *dump = &sources->table.dump;
	bool whole = dump_find_set(dump, MAP_CGROUP) != NULL;

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		whole = whole && dump_find_chain(dump, chains[i]) != NULL;
	for (size_t i = 0;
	     status->target_count > TARGET_FIRST_PROXY && i < sizeof(with_proxies) / sizeof(with_proxies[0]); i++)
		whole = whole && dump_find_chain(dump, with_proxies[i]) != NULL;
	for (size_t i = TARGET_FIRST_PROXY; i < status->target_count; i++)
		whole = whole && has_tproxy_chain(dump, status->targets[i].name);
	for (size_t i = 0; status->config == STATUS_CONFIG_CURRENT && i < sources->file->proxy_count; i++)
		whole = whole && has_tproxy_chain(dump, sources->file->proxies[i].name);
	if (status->config == STATUS_CONFIG_CURRENT && sources->file->gateway.enabled)
		whole = whole && status_gateway_is_whole(dump, sources->file);
	return whole;
}

static int find_problems(const struct status_sources *sources, struct status *status, struct error *error)
{
	const struct status_known known = {
		.config = sources->config,
		.in_force = status_sources_are_in_force(sources, status) && status->config != STATUS_CONFIG_OTHER,
		.pid = status->pid,
		.stamp = &status->stamp,
		.refusal = &sources->refusal,
		.strict = sources->table.strict,
		.given = sources->given,
		.given_refusal = &sources->given_refusal,
	};

	if (status->is_running && !status->is_whole && status_report_table(true, &status->problems) < 0)
		return status_no_memory(error);
	return status_find_problems(&known, &status->problems, error);
}

/* If that takes long, what an earlier look found is taken over for some time. */
static int look_for_problems(const struct status_sources *sources, struct status *before, struct status *status,
			     struct error *error)
{
	int result = 0;

	if (before != NULL && status->moment < before->problems_moment + PROBLEMS_COST_FACTOR * before->problems_cost) {
		status->problems = before->problems;
		status->problems_moment = before->problems_moment;
		status->problems_cost = before->problems_cost;
		before->problems = (struct problems){0};
		return 0;
	}
	status->problems_moment = status->moment;
	result = find_problems(sources, status, error);
	status->problems_cost = clock_now() - status->moment;
	return result;
}

static int read_routes(const struct status_sources *sources, struct status *status, struct error *error)
{
	return status_read_routes(sources->config, status_sources_are_in_force(sources, status), &status->routes,
				  error);
}

/* The rules are known only from the file, as long as that is what is in force. */
static int read_gateway(const struct status_sources *sources, struct status *status, struct error *error)
{
	const struct config *config = status->config == STATUS_CONFIG_CURRENT ? sources->file : NULL;
	int result = status_read_gateway(&sources->table.dump, sources->held, config, &status->gateway);

	return result < 0 ? error_set(error, result, "can't read the state of the gateway: %s", strerror(-result)) : 0;
}

/* Without a table. */
static int judge_absence(const char *file, const struct status_sources *sources, struct status *status,
			 struct error *error)
{
	int result = 0;

	if (status->is_running)
		result = status_report_table(false, &status->problems);
	else
		result = config_file_judge_start(file, file != NULL ? &sources->given_refusal : &sources->refusal,
						 &status->problems);
	if (result == 0 && !status->is_running)
		result = problems_cure_by_starting(&status->problems);
	return result < 0 ? status_no_memory(error) : 0;
}

int status_read(const char *file, struct status *before, struct status *status, struct error *error)
{
	CLEANUP(status_sources_clear) struct status_sources sources = {0};
	int result = status_sources_read(file, &sources, status, error);

	if (result == 0)
		result = list_targets(&sources, status, error);
	if (result < 0)
		return result;
	if (!status->table.exists)
		return judge_absence(file, &sources, status, error);
	status->is_whole = is_whole(&sources, status);
	result = read_routes(&sources, status, error);
	if (result == 0)
		result = read_gateway(&sources, status, error);
	if (result < 0)
		return result;
	status_sources_take_over_ports(&sources);
	result = look_for_problems(&sources, before, status, error);
	if (result == 0)
		result = status_take_census(&sources, status, error);
	if (result < 0)
		return result;
	result = status_read_relays(sources.file, status);
	return result < 0 ? error_set(error, result, "can't list the sockets: %s", strerror(-result)) : 0;
}

bool status_is_complete(const struct status *status)
{
	return status->table.exists && status->is_whole && status_routes_are_complete(&status->routes);
}

void status_clear(struct status *status)
{
	for (size_t i = 0; i < status->target_count; i++) {
		for (size_t j = 0; j < status->targets[i].listener_count; j++)
			free(status->targets[i].listeners[j]);
		free(status->targets[i].listeners);
	}
	for (size_t i = 0; status->cgroups != NULL && i < status->cgroup_count; i++)
		free(status->cgroups[i].path);
	free(status->targets);
	free(status->cgroups);
	status_gateway_clear(&status->gateway);
	container_list_clear(&status->containers);
	problems_clear(&status->problems);
	*status = (struct status){0};
}
