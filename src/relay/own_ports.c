/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/own_ports.h"

#include <string.h>

static bool read_local(int fd, struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 && endpoint_read(&address, endpoint);
}

void own_ports_note(struct connection *connection)
{
	struct endpoint local;

	if (!read_local(connection->upstream.source.fd, &local))
		return;
	connection->own_port = local.port;
	connection->relay->own_ports[local.port]++;
}

void own_ports_forget(struct connection *connection)
{
	if (connection->own_port != 0)
		connection->relay->own_ports[connection->own_port]--;
	connection->own_port = 0;
}

bool own_ports_have(const struct relay *relay, const struct endpoint *client)
{
	const struct connection *connection = NULL;
	struct endpoint local;

	/* a port may be in use by another client at another address, but that is rare */
	if (relay->own_ports[client->port] == 0)
		return false;
	TAILQ_FOREACH (connection, &relay->connections, entry) {
		if (connection->own_port == client->port && read_local(connection->upstream.source.fd, &local) &&
		    local.family == client->family && memcmp(&local.ip6, &client->ip6, address_size(local.family)) == 0)
			return true;
	}
	return false;
}
