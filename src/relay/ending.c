/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/ending.h"

#include "relay/names.h"
#include "relay/own_ports.h"
#include "relay/socket_options.h"
#include "util/clock.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void connection_close_upstream(struct connection *connection)
{
	own_ports_forget(connection);
	poll_source_close(&connection->upstream.source);
}

void connection_end(struct connection *connection, bool with_reset)
{
	struct relay *relay = connection->relay;

	if (connection->state == CONNECTION_OVER)
		return;
	connection->state = CONNECTION_OVER;
	if (with_reset) {
		socket_reset_on_close(connection->client.source.fd);
		socket_reset_on_close(connection->upstream.source.fd);
	}
	poll_source_close(&connection->client.source);
	connection_close_upstream(connection);
	flow_end(&connection->up, &relay->means);
	flow_end(&connection->down, &relay->means);
	deadlines_unset(&relay->deadlines, &connection->deadline);
	sources_leave(&relay->sources, connection->source);
	if (connection->owner != NULL)
		connection->owner->connection = NULL;
	else
		names_release(relay, &connection->handshake.destination.endpoint);
	TAILQ_REMOVE(&relay->connections, connection, entry);
	TAILQ_INSERT_TAIL(&relay->over, connection, entry);
	relay->count--;
}

void connection_fail(struct connection *connection, enum failure_cause cause, uint32_t detail, const char *text)
{
	if (cause == FAILURE_UPSTREAM || (cause == FAILURE_SLOW && detail == DEADLINE_REACH))
		connection->relay->is_upstream_lost = true;
	failures_log(&connection->relay->failures, cause, detail, clock_now(), &connection->handshake.destination,
		     text);
	connection_end(connection, true);
}

static bool is_lack(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS || code == EADDRNOTAVAIL;
}

void connection_fail_to_reach(struct connection *connection, int code)
{
	const struct upstream *upstream = connection->relay->upstream;
	char text[UPSTREAM_NAME_SIZE + 256];
	char name[UPSTREAM_NAME_SIZE];

	if (is_lack(code))
		snprintf(text, sizeof(text), _("can't connect to the upstream: %s"), strerror(code));
	else if (upstream->kind == UPSTREAM_DIRECT)
		snprintf(text, sizeof(text), _("can't reach it: %s"), strerror(code));
	else
		snprintf(text, sizeof(text), _("can't reach the upstream %s: %s"), upstream_write(upstream, name),
			 strerror(code));
	connection_fail(connection, is_lack(code) ? FAILURE_RESOURCES : FAILURE_UPSTREAM, (uint32_t)code, text);
}

void connection_fail_in_handshake(struct connection *connection)
{
	const struct handshake *handshake = &connection->handshake;
	char text[HANDSHAKE_TEXT_SIZE];

	connection_fail(connection, FAILURE_HANDSHAKE, (uint32_t)handshake->failure << 16 | handshake->code,
			handshake_describe(handshake, text));
}

void connection_lose(struct connection *connection, int code)
{
	char text[256];

	if (code == 0)
		snprintf(text, sizeof(text), _("the upstream ended the connection before it had reached it"));
	else
		snprintf(text, sizeof(text), _("the connection to the upstream failed before it had reached it: %s"),
			 strerror(code));
	connection_fail(connection, FAILURE_LOST, (uint32_t)code, text);
}
