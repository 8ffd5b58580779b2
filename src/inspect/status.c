/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status.h"

#include "cgroup/mount.h"
#include "config/load.h"
#include "engine/chains.h"
#include "engine/names.h"
#include "engine/steering.h"
#include "inspect/config_file.h"
#include "inspect/in_force.h"
#include "inspect/index.h"
#include "inspect/loaded.h"
#include "inspect/status_gateway.h"
#include "inspect/status_problems.h"
#include "inspect/status_routing.h"
#include "nft/comment.h"
#include "nft/dump.h"
#include "nft/lookups.h"
#include "nft/owner.h"
#include "socket/listeners.h"
#include "socket/sockets.h"
#include "util/cleanup.h"
#include "util/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Problems are looked for again after this multiple of the time it took to find them. */
#define PROBLEMS_COST_FACTOR 9

/* The sources of the status. */
struct sources {
	struct nft nft;
	struct dump dump;
	struct elements elements;
	bool strict;		  /* whether the rules in force are strict */
	char about[COMMENT_SIZE]; /* the table's config, see nft/stamp.h */
	struct config *file;	  /* what the config file says now, or NULL */
	struct refusal refusal;	  /* or why that can't be loaded */
	const char *given;	  /* another file, with which to compare, or NULL */
	struct refusal given_refusal;
	struct config *held;	     /* what the kernel shows of the config in force; NULL without a table */
	const struct config *config; /* of the two, the one to go by, or NULL */
	struct cgroup_index index;
	size_t *targets; /* of the cgroups, in the order of index.by_id */
};

static void sources_clear(struct sources *sources)
{
	free(sources->targets);
	cgroup_index_clear(&sources->index);
	config_free(sources->held);
	config_free(sources->file);
	refusal_clear(&sources->refusal);
	refusal_clear(&sources->given_refusal);
	elements_clear(&sources->elements);
	dump_clear(&sources->dump);
	nft_close(&sources->nft);
}

static int no_memory(struct error *error)
{
	return error_set(error, -ENOMEM, "no memory to collect the status");
}

static int read_table(struct sources *sources, struct status *status, struct error *error)
{
	struct cgroup_lookups lookups;
	int result = nft_open(&sources->nft, error);

	if (result == 0)
		result = dump_read(&sources->nft, &sources->dump, error);
	if (result == -EPERM)
		return error_set(
			error, result,
			"no permission to query nftables: this needs the capability CAP_NET_ADMIN. Run it as root");
	if (result < 0)
		return result;
	status->moment = clock_now();
	if (steering_read_elements(&sources->dump, &sources->elements) < 0)
		return no_memory(error);
	/* the table may be gone by now, or have no such rule */
	if (nft_read_lookups(&sources->nft, CHAIN_OUTPUT_MANGLE, &lookups) == 0)
		sources->strict = steering_is_strict(&lookups);
	nft_read_comment(&sources->nft, CHAIN_PREROUTING, sources->about);
	status->table = sources->dump.state;
	status->elements = sources->elements.count;
	return nft_find_owner(&sources->nft, &sources->dump.state, &status->pid, error);
}

/* A process's first netlink socket, like the daemon's, has the process id as its port. */
static void look_at_owner(struct status *status)
{
	status->is_running = status->pid != 0;
	if (!status->is_running)
		return;
	process_of_port(status->pid, status->process);
	if (process_started(status->pid, &status->since) < 0)
		status->since = 0;
}

/* Returns whether it can be loaded. */
static bool load_file(const char *file, struct config **config, struct refusal *refusal)
{
	struct diagnostics diagnostics = {0};
	const bool is_valid = config_load(*file != '\0' ? file : NULL, config, &diagnostics) == 0;

	refusal_note(refusal, file, &diagnostics);
	diagnostics_clear(&diagnostics);
	return is_valid;
}

/* What the table was made from. */
static void load_own_config(struct sources *sources, struct status *status)
{
	const bool is_valid = load_file(status->stamp.file, &sources->file, &sources->refusal);

	if (status->config == STATUS_CONFIG_BUILT_IN) {
		/* a default file that there is by now is only judged */
		config_free(sources->file);
		sources->file = NULL;
	} else if (!is_valid) {
		status->config = STATUS_CONFIG_UNREADABLE;
	} else if (config_has_changed(status->stamp.file, status->stamp.loaded, status->stamp.version)) {
		status->config = STATUS_CONFIG_CHANGED;
	}
}

static void load_config(const char *file, struct sources *sources, struct status *status)
{
	if (stamp_read(sources->about, &status->stamp))
		status->config = *status->stamp.file != '\0' ? STATUS_CONFIG_CURRENT : STATUS_CONFIG_BUILT_IN;
	if (file != NULL && (*status->stamp.file == '\0' || !loaded_is_same_file(status->stamp.file, file))) {
		if (status->stamp.loaded != 0)
			sources->given = file;
		if (load_file(file, &sources->file, &sources->given_refusal)) {
			status->config = STATUS_CONFIG_OTHER;
			return;
		}
	}
	if (status->config != STATUS_CONFIG_UNKNOWN)
		load_own_config(sources, status);
}

static bool goes_by_file(const struct status *status)
{
	return status->config == STATUS_CONFIG_CURRENT || status->config == STATUS_CONFIG_OTHER;
}

/* The file says more than the kernel shows, the rules for cgroups first of all; but only while it is what is in force.
 */
static int choose_config(struct sources *sources, const struct status *status, struct error *error)
{
	int result = 0;

	if (status->table.exists)
		result = in_force_read(&sources->nft, &sources->dump, &sources->held, error);
	sources->config = goes_by_file(status) ? sources->file : sources->held;
	return result;
}

static struct proxy *find_proxy(const struct config *config, const char *name)
{
	for (size_t i = 0; config != NULL && i < config->proxy_count; i++) {
		if (strcmp(config->proxies[i].name, name) == 0)
			return &config->proxies[i];
	}
	return NULL;
}

static void read_counter(const struct dump *dump, const char *name, struct status_target *target)
{
	const struct counter *counter = dump_find_counter(dump, name);

	if (counter == NULL)
		return;
	target->is_counted = true;
	target->packets = counter->packets;
	target->bytes = counter->bytes;
}

static void describe_proxy(const struct sources *sources, struct status_target *target)
{
	const struct proxy *held = find_proxy(sources->held, target->name);
	struct proxy *file = find_proxy(sources->file, target->name);

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

static int list_targets(const struct sources *sources, struct status *status, struct error *error)
{
	const struct dump *dump = &sources->dump;

	if (!dump->state.exists)
		return 0;
	status->targets = calloc(dump->chain_count + TARGET_FIRST_PROXY, sizeof(*status->targets));
	if (status->targets == NULL)
		return no_memory(error);
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

static bool is_whole(const struct sources *sources, const struct status *status)
{
	static const char *const chains[] = {CHAIN_OUTPUT_MANGLE, CHAIN_PREROUTING, CHAIN_POSTROUTING, CHAIN_DROP,
					     CHAIN_REFUSE,	  CHAIN_FENCE,	    CHAIN_STEER};
	static const char *const with_proxies[] = {CHAIN_ORPHAN, CHAIN_UNMARKED, CHAIN_OTHER_MARK};
	const struct dump *dump = &sources->dump;
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

static size_t target_of(const struct status *status, const struct verdict *verdict)
{
	const char *proxy = verdict->kind == VERDICT_GOTO ? chain_proxy(verdict->chain) : NULL;

	if (verdict->kind == VERDICT_RETURN)
		return TARGET_DIRECT;
	if (verdict->kind == VERDICT_GOTO && strcmp(verdict->chain, CHAIN_REFUSE) == 0)
		return TARGET_REFUSE;
	if (proxy == NULL)
		return TARGET_DROP;
	for (size_t i = TARGET_FIRST_PROXY; i < status->target_count; i++) {
		if (strcmp(status->targets[i].name, proxy) == 0)
			return i;
	}
	return TARGET_DROP; /* such a proxy does not exist */
}

static size_t *target_at(const struct sources *sources, const struct cgroup *cgroup)
{
	return &sources->targets[cgroup_index_position(&sources->index, cgroup)];
}

/*
 * Determines each cgroup's target as the kernel does: that of its own element, else its parent's; with strict, where
 * every cgroup has an element, else drop.
 */
static int decide(struct sources *sources, struct status *status, struct error *error)
{
	sources->targets = calloc(sources->index.count, sizeof(*sources->targets));
	if (sources->targets == NULL)
		return no_memory(error);
	*target_at(sources, sources->index.tree.root) = TARGET_DIRECT;
	for (const struct cgroup *cgroup = cgroup_next(sources->index.tree.root); cgroup != NULL;
	     cgroup = cgroup_next(cgroup)) {
		const struct verdict *verdict = elements_find(&sources->elements, cgroup->id);
		const size_t inherited = *target_at(sources, cgroup->parent);
		size_t target = sources->strict ? TARGET_DROP : inherited;

		if (verdict != NULL)
			target = target_of(status, verdict);
		*target_at(sources, cgroup) = target;
		status->targets[target].cgroups++;
		status->cgroup_count += target != inherited;
	}
	return 0;
}

static int compare_cgroups(const void *left, const void *right)
{
	const struct status_cgroup *a = left;
	const struct status_cgroup *b = right;

	return cgroup_path_compare(a->path, b->path);
}

static int list_cgroups(const struct sources *sources, struct status *status, struct error *error)
{
	size_t count = 0;

	status->cgroups = calloc(status->cgroup_count + 1, sizeof(*status->cgroups));
	if (status->cgroups == NULL)
		return no_memory(error);
	for (const struct cgroup *cgroup = cgroup_next(sources->index.tree.root); cgroup != NULL;
	     cgroup = cgroup_next(cgroup)) {
		const size_t target = *target_at(sources, cgroup);

		if (target == *target_at(sources, cgroup->parent))
			continue;
		status->cgroups[count].target = target;
		status->cgroups[count].path = cgroup_path_copy(cgroup);
		if (status->cgroups[count++].path == NULL)
			return no_memory(error);
	}
	qsort(status->cgroups, count, sizeof(*status->cgroups), compare_cgroups);
	return 0;
}

/* A socket may outlive its cgroup, whose element stays for some time. */
static int count_sockets(const struct sources *sources, struct status *status, struct error *error)
{
	struct socket_cgroups sockets = {0};
	int result = sockets_find_all(&sockets);

	for (size_t i = 0; i < sockets.count && result == 0; i++) {
		const struct cgroup *cgroup = cgroup_index_find(&sources->index, sockets.ids[i]);
		const struct verdict *verdict = elements_find(&sources->elements, sockets.ids[i]);

		if (cgroup != NULL)
			status->targets[*target_at(sources, cgroup)].sockets++;
		else if (verdict != NULL)
			status->targets[target_of(status, verdict)].sockets++;
	}
	free(sockets.ids);
	return result < 0 ? error_set(error, result, "can't list the sockets: %s", strerror(-result)) : 0;
}

static int add_listener(struct status_target *target, char *path)
{
	char **listeners = NULL;

	for (size_t i = 0; path != NULL && i < target->listener_count; i++) {
		if (strcmp(target->listeners[i], path) == 0) {
			free(path);
			return 0;
		}
	}
	listeners =
		path != NULL ? reallocarray(target->listeners, target->listener_count + 1, sizeof(*listeners)) : NULL;
	if (listeners == NULL) {
		free(path);
		return -ENOMEM;
	}
	target->listeners = listeners;
	listeners[target->listener_count++] = path;
	return 0;
}

static int find_listeners(const struct cgroup_index *index, struct status_target *target)
{
	struct listeners sockets = {0};
	int result = listeners_find(target->port, &sockets);

	target->is_listened_to = sockets.count > 0;
	for (size_t i = 0; i < sockets.count && result == 0; i++) {
		const struct cgroup *cgroup = cgroup_index_find(index, sockets.items[i].cgroup_id);

		if (cgroup != NULL)
			result = add_listener(target, cgroup_path_copy(cgroup));
	}
	listeners_clear(&sockets);
	return result;
}

static int look_at_cgroups(struct sources *sources, struct status *status, struct error *error)
{
	const char *configured = sources->config != NULL ? sources->config->cgroup_root : NULL;
	int result = cgroup_index_read(&sources->index, configured, error);

	if (result < 0)
		return result;
	result = decide(sources, status, error);
	if (result == 0)
		result = list_cgroups(sources, status, error);
	if (result == 0)
		result = count_sockets(sources, status, error);
	for (size_t i = TARGET_FIRST_PROXY; i < status->target_count && result == 0; i++) {
		if (status->targets[i].port != 0)
			result = find_listeners(&sources->index, &status->targets[i]);
		if (result < 0)
			error_set(error, result, "can't find out who listens on port %u: %s", status->targets[i].port,
				  strerror(-result));
	}
	return result;
}

/* Whether the config is what is in force, so that its policy rules and routes are to be there. */
static bool config_is_in_force(const struct sources *sources, const struct status *status)
{
	return goes_by_file(status) || sources->config->route_table != 0;
}

static int find_problems(const struct sources *sources, struct status *status, struct error *error)
{
	const struct status_known known = {
		.config = sources->config,
		.in_force = config_is_in_force(sources, status) && status->config != STATUS_CONFIG_OTHER,
		.pid = status->pid,
		.stamp = &status->stamp,
		.refusal = &sources->refusal,
		.strict = sources->strict,
		.given = sources->given,
		.given_refusal = &sources->given_refusal,
	};

	if (status->is_running && !status->is_whole && status_report_table(true, &status->problems) < 0)
		return no_memory(error);
	return status_find_problems(&known, &status->problems, error);
}

/* If that takes long, what an earlier look found is taken over for some time. */
static int look_for_problems(const struct sources *sources, struct status *before, struct status *status,
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

static int read_routes(const struct sources *sources, struct status *status, struct error *error)
{
	return status_read_routes(sources->config, config_is_in_force(sources, status), &status->routes, error);
}

/* The rules are known only from the file, as long as that is what is in force. */
static int read_gateway(const struct sources *sources, struct status *status, struct error *error)
{
	const struct config *config = status->config == STATUS_CONFIG_CURRENT ? sources->file : NULL;
	int result = status_read_gateway(&sources->dump, sources->held, config, &status->gateway);

	return result < 0 ? error_set(error, result, "can't read the state of the gateway: %s", strerror(-result)) : 0;
}

/* Who listens, is asked of the ports that are in force. */
static void take_over_ports(const struct config *held, const struct config *config)
{
	for (size_t i = 0; i < held->proxy_count; i++) {
		struct proxy *proxy = find_proxy(config, held->proxies[i].name);

		if (proxy != NULL && held->proxies[i].port != 0)
			proxy->port = held->proxies[i].port;
	}
}

int status_read(const char *file, struct status *before, struct status *status, struct error *error)
{
	CLEANUP(sources_clear) struct sources sources = {0};
	int result = read_table(&sources, status, error);

	if (result < 0)
		return result;
	look_at_owner(status);
	load_config(file, &sources, status);
	result = choose_config(&sources, status, error);
	if (result == 0)
		result = list_targets(&sources, status, error);
	if (result < 0)
		return result;
	if (!status->table.exists)
		return status->is_running && status_report_table(false, &status->problems) < 0 ? no_memory(error) : 0;
	status->is_whole = is_whole(&sources, status);
	result = read_routes(&sources, status, error);
	if (result == 0)
		result = read_gateway(&sources, status, error);
	if (result < 0)
		return result;
	take_over_ports(sources.held, sources.config);
	result = look_for_problems(&sources, before, status, error);
	return result < 0 ? result : look_at_cgroups(&sources, status, error);
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
	problems_clear(&status->problems);
	*status = (struct status){0};
}
