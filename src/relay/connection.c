/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/connection.h"

#include "relay/ending.h"
#include "relay/names.h"
#include "relay/own_ports.h"
#include "relay/socket_options.h"
#include "util/clock.h"
#include "util/container_of.h"
#include "util/language.h"

#include <errno.h>
#include <stdlib.h>

/* Both ends of a connection are waited for once, and for everything. */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET)

enum {
	HEAR_MAX = 512,	   /* bytes of an answer looked at together; answers are shorter than that */
	RETRIES_MAX = 400, /* of a Unix socket whose queue is full */
};

static void try_address(struct connection *connection);

static void expire_idle(struct deadline *deadline, uint64_t now)
{
	struct connection *connection = CONTAINER_OF(struct connection, deadline, deadline);
	struct deadlines *deadlines = &connection->relay->deadlines;

	/* the deadline was not moved each time; it may be late by one span, never early */
	if (connection->active + deadlines->spans[DEADLINE_IDLE] <= now)
		connection_end(connection, true);
	else
		deadlines_set(deadlines, deadline, DEADLINE_IDLE, now, expire_idle);
}

static void expire_answer(struct deadline *deadline, uint64_t now)
{
	struct connection *connection = CONTAINER_OF(struct connection, deadline, deadline);

	(void)now;
	connection_fail(connection, FAILURE_SLOW, DEADLINE_ANSWER,
			connection->relay->upstream->kind == UPSTREAM_DIRECT
				? _("it does not answer")
				: _("the upstream does not say whether it can be reached"));
}

static void expire_reach(struct deadline *deadline, uint64_t now)
{
	struct connection *connection = CONTAINER_OF(struct connection, deadline, deadline);

	(void)now;
	if (connection->state == CONNECTION_REACHING &&
	    ++connection->tries < connection->relay->upstream->address_count)
		try_address(connection);
	else
		connection_fail(connection, FAILURE_SLOW, DEADLINE_REACH, _("the upstream does not answer"));
}

static void expire_retry(struct deadline *deadline, uint64_t now)
{
	(void)now;
	try_address(CONTAINER_OF(struct connection, deadline, deadline));
}

static void set_deadline(struct connection *connection, enum deadline_kind kind,
			 void (*expire)(struct deadline *, uint64_t))
{
	deadlines_set(&connection->relay->deadlines, &connection->deadline, kind, clock_now(), expire);
}

/* Returns whether something was moved and nothing is broken; or else the connection may be over. */
static bool move_flow(struct connection *connection, struct flow *flow, struct end *from, struct end *to)
{
	switch (flow_move(flow, from, to, &connection->relay->means)) {
	case FLOW_WAITS:
		return true;
	case FLOW_YIELDS:
		poller_change(&connection->relay->poller, &from->source, EVENTS);
		return true;
	case FLOW_BROKEN:
		break;
	}
	connection_end(connection, true);
	return false;
}

static void move_both(struct connection *connection)
{
	struct end *client = &connection->client;
	struct end *upstream = &connection->upstream;

	if (!move_flow(connection, &connection->up, client, upstream) ||
	    !move_flow(connection, &connection->down, upstream, client))
		return;
	if (connection->up.moved || connection->down.moved) {
		connection->up.moved = connection->down.moved = false;
		if (connection->relay->deadlines.spans[DEADLINE_IDLE] > 0)
			connection->active = clock_now();
	}
	if (client->failed || upstream->failed)
		connection_end(connection, true);
	else if (client->shut && upstream->shut)
		connection_end(connection, false);
}

static void open_connection(struct connection *connection)
{
	connection->state = CONNECTION_OPEN;
	connection->active = clock_now();
	set_deadline(connection, DEADLINE_IDLE, expire_idle);
	move_both(connection);
	if (connection->owner != NULL && connection->state == CONNECTION_OPEN)
		connection->owner->opened(connection->owner);
}

/* Returns whether all of it was sent. */
static bool send_output(struct connection *connection)
{
	struct handshake *handshake = &connection->handshake;
	size_t length = 0;
	const uint8_t *output = handshake_output(handshake, connection->relay->means.buffer, &length);
	const ssize_t sent = send(connection->upstream.source.fd, output, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno == EAGAIN)
		return false;
	if (sent < 0) {
		connection_lose(connection, errno);
		return false;
	}
	handshake_sent(handshake, (size_t)sent, (size_t)sent == length);
	return (size_t)sent == length;
}

/* Returns whether there may be more. What is behind the answer is left in the socket. */
static bool hear_answer(struct connection *connection)
{
	uint8_t *buffer = connection->relay->means.buffer;
	struct end *upstream = &connection->upstream;
	const ssize_t length = recv(upstream->source.fd, buffer, HEAR_MAX, MSG_PEEK | MSG_DONTWAIT);
	size_t taken = 0;

	if (length < 0 && errno == EAGAIN) {
		upstream->readable = false;
		return false;
	}
	if (length <= 0) {
		connection_lose(connection, length < 0 ? errno : 0);
		return false;
	}
	taken = handshake_take(&connection->handshake, buffer, (size_t)length);
	if (recv(upstream->source.fd, buffer, taken, MSG_TRUNC | MSG_DONTWAIT) != (ssize_t)taken) {
		connection_lose(connection, errno);
		return false;
	}
	return true;
}

static void shake_hands(struct connection *connection)
{
	struct handshake *handshake = &connection->handshake;
	const bool was_requested = handshake_is_requested(handshake);
	bool goes_on = true;

	while (goes_on && handshake->state == HANDSHAKE_SEND)
		goes_on = send_output(connection);
	while (goes_on && handshake->state == HANDSHAKE_RECEIVE && connection->upstream.readable) {
		goes_on = hear_answer(connection);
		while (goes_on && handshake->state == HANDSHAKE_SEND)
			goes_on = send_output(connection);
	}
	if (connection->state == CONNECTION_OVER)
		return;
	if (handshake->state == HANDSHAKE_READY)
		open_connection(connection);
	else if (handshake->state == HANDSHAKE_FAILED)
		connection_fail_in_handshake(connection);
	else if (handshake_is_requested(handshake) && !was_requested)
		set_deadline(connection, DEADLINE_ANSWER, expire_answer);
}

static void reached(struct connection *connection)
{
	struct relay *relay = connection->relay;

	connection->state = CONNECTION_HANDSHAKE;
	if (relay->upstream->address_count > 0)
		relay->upstream_address =
			(relay->upstream_address + connection->tries) % relay->upstream->address_count;
	if (handshake_is_requested(&connection->handshake))
		set_deadline(connection, DEADLINE_ANSWER, expire_answer);
	shake_hands(connection);
}

/* code: why an address can't be connected to */
static void try_next_address(struct connection *connection, int code)
{
	connection_close_upstream(connection);
	if (++connection->tries < connection->relay->upstream->address_count)
		try_address(connection);
	else
		connection_fail_to_reach(connection, code);
}

static void on_client(struct poll_source *source, uint32_t events)
{
	struct connection *connection = CONTAINER_OF(struct connection, client.source, source);

	end_note(&connection->client, events);
	if (connection->state == CONNECTION_OPEN)
		move_both(connection);
	else if (connection->client.failed) /* it gave up */
		connection_end(connection, true);
}

static void on_upstream(struct poll_source *source, uint32_t events)
{
	struct connection *connection = CONTAINER_OF(struct connection, upstream.source, source);

	end_note(&connection->upstream, events);
	if (connection->state == CONNECTION_OPEN) {
		move_both(connection);
	} else if (connection->state == CONNECTION_HANDSHAKE) {
		shake_hands(connection);
	} else {
		const int code = socket_take_error(source->fd);

		if (code != 0)
			try_next_address(connection, code);
		else if (events & EPOLLOUT)
			reached(connection);
	}
}

/* Returns the address to try now. */
static const struct sockaddr *choose_address(const struct connection *connection, struct sockaddr_storage *direct,
					     socklen_t *length)
{
	const struct relay *relay = connection->relay;
	const struct upstream *upstream = relay->upstream;
	const struct upstream_address *address = NULL;

	if (upstream->kind == UPSTREAM_DIRECT) {
		*length = endpoint_to_sockaddr(&connection->handshake.destination.endpoint, direct);
		return (const struct sockaddr *)direct;
	}
	address = &upstream->addresses[(relay->upstream_address + connection->tries) % upstream->address_count];
	*length = address->length;
	return &address->any;
}

/* Returns 0, or an errno. */
static int begin_to_connect(struct connection *connection)
{
	struct end *upstream = &connection->upstream;
	struct sockaddr_storage direct;
	socklen_t length = 0;
	const struct sockaddr *address = choose_address(connection, &direct, &length);

	*upstream = (struct end){.source = {.fd = -1, .handle = on_upstream}};
	upstream->source.fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (upstream->source.fd < 0)
		return errno;
	if (address->sa_family != AF_UNIX)
		socket_prepare(upstream->source.fd);
	if (connect(upstream->source.fd, address, length) < 0 && errno != EINPROGRESS)
		return errno;
	own_ports_note(connection);
	return -poller_add(&connection->relay->poller, &upstream->source, EVENTS);
}

static void try_address(struct connection *connection)
{
	struct relay *relay = connection->relay;
	const bool is_direct = relay->upstream->kind == UPSTREAM_DIRECT;
	int code = 0;

	connection_close_upstream(connection);
	set_deadline(connection, is_direct ? DEADLINE_ANSWER : DEADLINE_REACH,
		     is_direct ? expire_answer : expire_reach);
	code = begin_to_connect(connection);
	if (code == EAGAIN && ++connection->retries <= RETRIES_MAX) { /* only a Unix socket says so */
		connection_close_upstream(connection);
		set_deadline(connection, DEADLINE_RETRY, expire_retry);
	} else if (code != 0) {
		try_next_address(connection, code);
	}
}

static int take_client(struct connection *connection, int client, const struct destination *destination)
{
	struct relay *relay = connection->relay;

	connection->client.source = (struct poll_source){.fd = client, .handle = on_client};
	connection->upstream.source.fd = -1;
	flow_init(&connection->up);
	flow_init(&connection->down);
	handshake_begin(&connection->handshake, relay->upstream, destination);
	return poller_add(&relay->poller, &connection->client.source, EVENTS);
}

/* Takes over what it is given whatever happens. */
static int begin(struct relay *relay, int client, const struct destination *destination, struct source *source,
		 struct connection_owner *owner)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int result = 0;

	if (connection == NULL) {
		sources_leave(&relay->sources, source);
		socket_reset(client);
		return -ENOMEM;
	}
	connection->relay = relay;
	connection->source = source;
	connection->owner = owner;
	if (owner != NULL)
		owner->connection = connection;
	else
		names_hold(relay, &destination->endpoint);
	TAILQ_INSERT_TAIL(&relay->connections, connection, entry);
	relay->count++;
	result = take_client(connection, client, destination);
	if (result < 0)
		connection_end(connection, true);
	else
		try_address(connection);
	return result;
}

int connection_begin(struct relay *relay, int client, const struct destination *destination, struct source *source)
{
	return begin(relay, client, destination, source, NULL);
}

int connection_begin_own(struct relay *relay, int socket, const struct destination *destination,
			 struct connection_owner *owner)
{
	return begin(relay, socket, destination, NULL, owner);
}

void connections_end(struct relay *relay)
{
	while (!TAILQ_EMPTY(&relay->connections))
		connection_end(TAILQ_FIRST(&relay->connections), true);
	connections_bury(relay);
}

void connections_bury(struct relay *relay)
{
	while (!TAILQ_EMPTY(&relay->over)) {
		struct connection *connection = TAILQ_FIRST(&relay->over);

		TAILQ_REMOVE(&relay->over, connection, entry);
		free(connection);
	}
}
