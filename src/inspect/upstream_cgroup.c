/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/upstream_cgroup.h"

#include "cgroup/lookup.h"
#include "cgroup/mount.h"
#include "route/address_type.h"
#include "socket/listeners.h"
#include "util/cleanup.h"

#include <string.h>

static struct endpoint endpoint_of(const struct upstream_address *address)
{
	struct endpoint endpoint = {.family = address->any.sa_family};

	if (endpoint.family == AF_INET) {
		endpoint.ip = address->ip.sin_addr;
		endpoint.port = ntohs(address->ip.sin_port);
	} else {
		endpoint.ip6 = address->ip6.sin6_addr;
		endpoint.port = ntohs(address->ip6.sin6_port);
	}
	return endpoint;
}

static bool is_at(const struct listener *listener, const struct endpoint *endpoint)
{
	if (listener->protocol != IPPROTO_TCP || listener->port != endpoint->port ||
	    !listener_takes_family(listener, (uint8_t)endpoint->family))
		return false;
	/* one that takes IPv4 and IPv6 is bound to no address */
	return listener_is_wildcard(listener) ||
	       (listener->family == endpoint->family &&
		memcmp(&listener->address, &endpoint->ip6, address_size(endpoint->family)) == 0);
}

/* One that is bound to the address gets what is sent there, and not one that is bound to none. */
static const struct listener *choose(const struct listeners *listeners, const struct endpoint *endpoint)
{
	const struct listener *chosen = NULL;

	for (size_t i = 0; i < listeners->count; i++) {
		if (is_at(&listeners->items[i], endpoint) && (chosen == NULL || listener_is_wildcard(chosen)))
			chosen = &listeners->items[i];
	}
	return chosen;
}

static const struct cgroup *find_by_id(const struct cgroup_tree *tree, uint64_t id)
{
	const struct cgroup *cgroup = tree->root;

	while (cgroup != NULL && cgroup->id != id)
		cgroup = cgroup_next(cgroup);
	return cgroup;
}

static const struct cgroup *find_by_path(const struct cgroup_tree *tree, const char *wanted)
{
	char path[CGROUP_PATH_SIZE];
	const struct cgroup *cgroup = tree->root;

	for (; cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		cgroup_path(cgroup, path);
		if (strcmp(path, wanted) == 0)
			break;
	}
	return cgroup;
}

static int find_by_address(const struct cgroup_tree *tree, const struct endpoint *endpoint,
			   struct upstream_cgroup *found)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	CLEANUP(listeners_clear) struct listeners listeners = {0};
	enum address_type type = ADDRESS_REMOTE;
	const struct listener *listener = NULL;
	int result = address_type_find(&rtnetlink, endpoint, &type);

	if (result == 0 && type == ADDRESS_LOCAL)
		result = listeners_find_tcp(&listeners);
	listener = result == 0 ? choose(&listeners, endpoint) : NULL;
	if (listener == NULL)
		return result;
	found->is_transparent = listener->transparent;
	found->cgroup = find_by_id(tree, listener->cgroup_id);
	return 0;
}

/* The kernel does not say in which cgroup a Unix socket was made. */
static int find_by_process(const struct comparison *comparison, pid_t pid, struct upstream_cgroup *found)
{
	CLEANUP(freep) char *mount = NULL;
	char path[CGROUP_PATH_SIZE];
	struct error error;
	int result = cgroup_mount_find(comparison->plan->config->cgroup_root, &mount, &error);

	if (result == 0)
		result = cgroup_path_of_process((uint32_t)pid, mount, path, &error);
	if (result == 0)
		found->cgroup = find_by_path(&comparison->tree, path);
	return result;
}

int upstream_cgroup_find(const struct comparison *comparison, const struct upstream_probe *probe,
			 struct upstream_cgroup *found)
{
	const struct upstream_address *address = &probe->address;
	struct endpoint endpoint;

	*found = (struct upstream_cgroup){0};
	if (address->length == 0)
		return 0;
	if (address->any.sa_family == AF_UNIX)
		return probe->talk.pid > 0 ? find_by_process(comparison, probe->talk.pid, found) : 0;
	endpoint = endpoint_of(address);
	return find_by_address(&comparison->tree, &endpoint, found);
}
