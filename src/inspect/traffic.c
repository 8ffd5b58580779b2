/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/traffic.h"

#include "engine/compile.h"
#include "engine/plan.h"
#include "inspect/steered.h"
#include "socket/sockets.h"
#include "socket/tcp_traffic.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = SIZE_MAX };

/* The data that the result is derived from. */
struct sources {
	const struct config *config; /* or NULL */
	struct plan plan;	     /* with a config */
	struct steered steered;
	size_t *sockets; /* each cgroup's number of them, by position in the index */
	size_t *owners;	 /* index of each cgroup's application, or NOBODY */
};

static void sources_clear(struct sources *sources)
{
	free(sources->sockets);
	free(sources->owners);
	steered_clear(&sources->steered);
	plan_clear(&sources->plan);
}

static int count_sockets(const struct cgroup_index *index, struct sources *sources)
{
	struct socket_cgroups sockets = {0};
	int result = sockets_find_all(&sockets);

	for (size_t i = 0; i < sockets.count && result == 0; i++) {
		const struct cgroup *cgroup = cgroup_index_find(index, sockets.ids[i]);

		if (cgroup != NULL)
			sources->sockets[cgroup_index_position(index, cgroup)]++;
	}
	free(sockets.ids);
	return result;
}

static int compare_cookies(const void *left, const void *right)
{
	const struct connection_traffic *a = left;
	const struct connection_traffic *b = right;

	return (a->cookie > b->cookie) - (a->cookie < b->cookie);
}

static void add_connection(const struct tcp_traffic *connection, size_t owner, struct traffic_list *traffic)
{
	traffic->items[owner].received += connection->received;
	traffic->items[owner].sent += connection->sent;
	traffic->connections[traffic->connection_count++] = (struct connection_traffic){
		.cookie = connection->cookie,
		.owner = owner,
		.received = connection->received,
		.sent = connection->sent,
	};
}

static int count_bytes(const struct cgroup_index *index, const struct sources *sources, struct traffic_list *traffic)
{
	struct tcp_traffics connections = {0};
	int result = tcp_traffic_read(&connections);

	traffic->connections = calloc(connections.count + 1, sizeof(*traffic->connections));
	if (traffic->connections == NULL)
		result = -ENOMEM;
	for (size_t i = 0; i < connections.count && result == 0; i++) {
		const struct cgroup *cgroup = cgroup_index_find(index, connections.items[i].cgroup_id);
		const size_t owner = cgroup != NULL ? sources->owners[cgroup_index_position(index, cgroup)] : NOBODY;

		if (owner != NOBODY)
			add_connection(&connections.items[i], owner, traffic);
	}
	free(connections.items);
	if (result == 0)
		qsort(traffic->connections, traffic->connection_count, sizeof(*traffic->connections), compare_cookies);
	return result;
}

static int list_owners(const struct applications *applications, struct sources *sources)
{
	const size_t count = applications->index.count;

	sources->owners = calloc(count + 1, sizeof(*sources->owners));
	sources->sockets = calloc(count + 1, sizeof(*sources->sockets));
	if (sources->owners == NULL || sources->sockets == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		sources->owners[i] = NOBODY;
	for (size_t i = 0; i < applications->count; i++) {
		for (size_t j = 0; j < applications->items[i].cgroup_count; j++)
			sources->owners[applications->items[i].cgroups[j]] = i;
	}
	return 0;
}

/* Returns the route of one cgroup. */
static struct traffic_route route_of(const struct sources *sources, const struct cgroup *cgroup, size_t position)
{
	struct traffic_route route = {.rule = NO_RULE, .cgroups = 1, .sockets = sources->sockets[position]};
	const char *held = sources->steered.targets != NULL ? sources->steered.targets[position] : NULL;
	const char *configured = "";

	if (sources->config != NULL) {
		route.rule = plan_rule(&sources->plan, cgroup);
		configured = config_target_name(sources->config, plan_target(&sources->plan, cgroup));
		route.differs = sources->steered.is_active && held != NULL && strcmp(held, configured) != 0;
	}
	snprintf(route.target, sizeof(route.target), "%s", held != NULL ? held : configured);
	return route;
}

static int add_route(struct application_traffic *traffic, const struct traffic_route *route)
{
	struct traffic_route *routes = NULL;

	traffic->sockets += route->sockets;
	for (size_t i = 0; i < traffic->route_count; i++) {
		struct traffic_route *other = &traffic->routes[i];

		if (other->rule != route->rule || strcmp(other->target, route->target) != 0)
			continue;
		other->cgroups += route->cgroups;
		other->sockets += route->sockets;
		return 0;
	}
	routes = array_reserve(traffic->routes, &traffic->route_capacity, traffic->route_count + 1, sizeof(*routes));
	if (routes == NULL)
		return -ENOMEM;
	traffic->routes = routes;
	routes[traffic->route_count++] = *route;
	return 0;
}

static int compare_routes(const void *left, const void *right)
{
	const struct traffic_route *a = left;
	const struct traffic_route *b = right;
	int order = (a->sockets < b->sockets) - (a->sockets > b->sockets);

	if (order == 0)
		order = (a->rule > b->rule) - (a->rule < b->rule);
	return order != 0 ? order : strcmp(a->target, b->target);
}

static int list_routes(const struct applications *applications, const struct sources *sources,
		       struct traffic_list *traffic)
{
	for (size_t i = 0; i < applications->count; i++) {
		const struct application *application = &applications->items[i];
		struct application_traffic *item = &traffic->items[i];

		for (size_t j = 0; j < application->cgroup_count; j++) {
			const size_t position = application->cgroups[j];
			struct traffic_route route = route_of(sources, applications->index.by_id[position], position);

			traffic->differs |= route.differs;
			if (add_route(item, &route) < 0)
				return -ENOMEM;
		}
		if (item->route_count > 1)
			qsort(item->routes, item->route_count, sizeof(*item->routes), compare_routes);
	}
	return 0;
}

static int put_together(struct applications *applications, struct sources *sources, struct traffic_list *traffic,
			struct error *error)
{
	int result = list_owners(applications, sources);

	traffic->items = calloc(applications->count + 1, sizeof(*traffic->items));
	if (traffic->items == NULL || result < 0)
		return error_set(error, -ENOMEM, "no memory for the applications' traffic");
	traffic->count = applications->count;
	result = count_sockets(&applications->index, sources);
	if (result == 0)
		result = count_bytes(&applications->index, sources, traffic);
	if (result < 0)
		return error_set(error, result, "can't list the sockets: %s", strerror(-result));
	if (sources->config != NULL)
		result = plan_decide_all(&sources->plan, applications->index.tree.root);
	if (result == 0)
		result = list_routes(applications, sources, traffic);
	return result < 0 ? error_set(error, result, "no memory to compare the cgroups with the rules") : 0;
}

int traffic_list_read(const struct config *config, struct applications *applications, struct traffic_list *traffic,
		      struct error *error)
{
	CLEANUP(policy_freep) struct policy *policy = config != NULL ? compile_policy(config) : NULL;
	CLEANUP(sources_clear) struct sources sources = {.config = config};
	int result = 0;

	if (config != NULL && (policy == NULL || plan_init(&sources.plan, config, policy) < 0))
		return error_set(error, -ENOMEM, "no memory to compare the cgroups with the rules");
	result = steered_read(&applications->index, &sources.steered, error);
	if (result < 0)
		return result;
	traffic->kernel_is_known = sources.steered.is_known;
	traffic->kernel_is_active = sources.steered.is_active;
	traffic->kernel_is_left = sources.steered.is_left;
	if (config == NULL && !sources.steered.is_known)
		return error_set(error, -EPERM,
				 "can't ask the kernel for the targets: this needs the capability "
				 "CAP_NET_ADMIN. Run it as root");
	return put_together(applications, &sources, traffic, error);
}

void traffic_list_clear(struct traffic_list *traffic)
{
	for (size_t i = 0; i < traffic->count; i++)
		free(traffic->items[i].routes);
	free(traffic->items);
	free(traffic->connections);
	*traffic = (struct traffic_list){0};
}
