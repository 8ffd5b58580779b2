/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status_relays.h"

#include "config/relay.h"
#include "socket/listeners.h"
#include "socket/taken.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sockets of TCP: those that listen, and what TPROXY has brought. */
struct sockets {
	struct listeners listeners;
	struct socket_cgroups taken;
};

static void sockets_clear(struct sockets *sockets)
{
	listeners_clear(&sockets->listeners);
	free(sockets->taken.ids);
}

/* Returns whether a cgroup has sockets for TPROXY at this port, and at no other. */
static bool has_port_only(const struct listeners *listeners, uint64_t cgroup, uint16_t port)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];

		if (listener->transparent && listener->cgroup_id == cgroup && listener->port != port)
			return false;
	}
	return true;
}

/* A port may have a socket for each family. */
static void count_connections(const struct sockets *sockets, uint16_t port, struct status_relay *relay)
{
	const struct listeners *listeners = &sockets->listeners;

	relay->is_counted = true;
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];

		if (listener->transparent && listener->port == port &&
		    !has_port_only(listeners, listener->cgroup_id, port))
			relay->is_counted = false;
	}
	for (size_t i = 0; relay->is_counted && i < sockets->taken.count; i++)
		relay->connections += listeners_take_tproxy(listeners, sockets->taken.ids[i], port);
}

static bool describe(const struct config *config, struct status *status)
{
	bool has_relay = false;

	for (size_t i = TARGET_FIRST_PROXY; i < status->target_count; i++) {
		struct status_relay *relay = &status->targets[i].relay;
		const struct proxy *proxy = config_find_proxy(config, status->targets[i].name);

		if (proxy == NULL || !proxy->relay.enabled)
			continue;
		has_relay = relay->exists = true;
		upstream_write(&proxy->relay.upstream, relay->upstream);
		relay_dns_write(&proxy->relay.dns, relay->dns);
	}
	return has_relay;
}

int status_read_relays(const struct config *config, struct status *status)
{
	CLEANUP(sockets_clear) struct sockets sockets = {0};
	int result = 0;

	if (!describe(config, status))
		return 0;
	result = listeners_find_tcp(&sockets.listeners);
	if (result == 0)
		result = taken_find_all(&sockets.taken);
	for (size_t i = TARGET_FIRST_PROXY; i < status->target_count && result == 0; i++) {
		struct status_target *target = &status->targets[i];

		if (target->relay.exists && target->port != 0)
			count_connections(&sockets, target->port, &target->relay);
	}
	return result;
}
