/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/association.h"

#include "relay/answers.h"
#include "relay/names.h"
#include "relay/own_address.h"
#include "util/clock.h"
#include "util/container_of.h"
#include "util/language.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECEIVE_MAX = 64,	  /* datagrams in one go, before others have their turn */
	HELD_MAX = 16,		  /* of an association that is not open yet */
	HELD_BYTES_MAX = 4 << 20, /* of all of them */
};

int association_compare(const void *one, const void *other)
{
	const struct association *first = one;
	const struct association *second = other;
	const int result = endpoint_compare(&first->client, &second->client);

	return result != 0 ? result : endpoint_compare(&first->fake, &second->fake);
}

void association_report(struct relay *relay, enum failure_cause cause, uint32_t detail,
			const struct endpoint *destination, const char *text)
{
	const struct destination shown = {.endpoint = *destination, .name = relay_name_of(relay, destination)};

	failures_log(&relay->failures, cause, detail, clock_now(), &shown, text);
}

/* The relay's own datagrams, if its cgroup is not direct. */

static uint8_t *own_port_byte(struct relay *relay, int family, uint16_t port)
{
	return &relay->associations.own_ports[family == AF_INET6][port / 8];
}

static void note_own_port(struct association *association)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct endpoint local;

	if (getsockname(association->socket.fd, (struct sockaddr *)&address, &length) < 0 ||
	    !endpoint_read(&address, &local))
		return;
	association->own_port = local.port;
	association->own_family = local.family;
	*own_port_byte(association->relay, local.family, local.port) |= (uint8_t)(1 << local.port % 8);
}

static void forget_own_port(struct association *association)
{
	const uint16_t port = association->own_port;

	if (port != 0)
		*own_port_byte(association->relay, association->own_family, port) &= (uint8_t) ~(1 << port % 8);
	association->own_port = 0;
}

bool association_is_own(struct relay *relay, const struct endpoint *client)
{
	bool is_host = false;

	if ((*own_port_byte(relay, client->family, client->port) & 1 << client->port % 8) == 0)
		return false;
	return own_addresses_find(&relay->datagrams.own, &relay->netlink, client, clock_now(), &is_host) == 0 &&
	       is_host;
}

/* The end. */

static void drop_held(struct association *association)
{
	while (!STAILQ_EMPTY(&association->held)) {
		struct held_datagram *held = STAILQ_FIRST(&association->held);

		STAILQ_REMOVE_HEAD(&association->held, entry);
		association->relay->associations.held_bytes -= held->length;
		free(held);
	}
	association->held_count = 0;
}

void association_end(struct association *association)
{
	struct relay *relay = association->relay;
	struct associations *associations = &relay->associations;

	if (association->state == ASSOCIATION_OVER)
		return;
	association->state = ASSOCIATION_OVER;
	forget_own_port(association);
	poll_source_close(&association->control);
	poll_source_close(&association->socket);
	drop_held(association);
	deadlines_unset(&relay->deadlines, &association->deadline);
	sources_leave(&associations->sources, association->source);
	names_release(relay, &association->fake);
	tdelete(association, &associations->tree, association_compare);
	TAILQ_REMOVE(&associations->list, association, entry);
	TAILQ_INSERT_TAIL(&associations->over, association, entry);
	associations->count--;
}

void association_fail(struct association *association, enum failure_cause cause, uint32_t detail, uint64_t silence,
		      const char *text)
{
	struct relay *relay = association->relay;

	if (cause == FAILURE_UPSTREAM || (cause == FAILURE_SLOW && detail == DEADLINE_REACH))
		relay->is_upstream_lost = true;
	if (relay->associations.silent_until < clock_now() + silence)
		relay->associations.silent_until = clock_now() + silence;
	association_report(relay, cause, detail, &association->first, text);
	association_end(association);
}

static void expire_idle(struct deadline *deadline, uint64_t now)
{
	struct association *association = CONTAINER_OF(struct association, deadline, deadline);
	struct deadlines *deadlines = &association->relay->deadlines;

	/* as with connections: it may be late by one span, never early */
	if (association->used + deadlines->spans[DEADLINE_DATAGRAMS] <= now)
		association_end(association);
	else
		deadlines_set(deadlines, deadline, DEADLINE_DATAGRAMS, now, expire_idle);
}

/* Datagrams. */

static void lose_datagram(struct association *association, const struct endpoint *destination, int code)
{
	char text[256];

	/* queues that are full lose datagrams */
	if (code == EAGAIN || code == ENOBUFS)
		return;
	if (code == ECONNREFUSED && association->control.fd >= 0) {
		association_fail(association, FAILURE_DATAGRAM, (uint32_t)code, 0,
				 _("the upstream no longer takes datagrams"));
		return;
	}
	snprintf(text, sizeof(text), _("can't send a datagram: %s"), strerror(code));
	association_report(association->relay, FAILURE_DATAGRAM, (uint32_t)code, destination, text);
}

static void send_datagram(struct association *association, const struct endpoint *destination, const void *data,
			  size_t length)
{
	const bool is_direct = association->control.fd < 0;
	struct sockaddr_storage address;
	uint8_t header[SOCKS5_UDP_NAME_MAX];
	/* sendmsg() changes nothing of it */
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	struct iovec parts[] = {{.iov_base = header}, {.iov_base = (void *)(uintptr_t)data, .iov_len = length}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (is_direct) {
		message.msg_name = &address;
		message.msg_namelen = endpoint_to_sockaddr(destination, &address);
	} else {
		parts[0].iov_len = association->fake.family == 0
					   ? socks5_udp_write(destination, header)
					   : socks5_udp_write_name(relay_name_of(association->relay, destination),
								   destination->port, header);
	}
	if (sendmsg(association->socket.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		lose_datagram(association, destination, errno);
}

static void hold_datagram(struct association *association, const struct endpoint *destination, const void *data,
			  size_t length)
{
	struct associations *associations = &association->relay->associations;
	struct held_datagram *held = NULL;

	if (association->held_count >= HELD_MAX || associations->held_bytes + length > HELD_BYTES_MAX)
		return;
	held = malloc(sizeof(*held) + length);
	if (held == NULL)
		return;
	held->destination = *destination;
	held->length = length;
	memcpy(held->data, data, length);
	STAILQ_INSERT_TAIL(&association->held, held, entry);
	association->held_count++;
	associations->held_bytes += length;
}

void association_pass(struct association *association, const struct endpoint *destination, const void *data,
		      size_t length)
{
	if (association->state == ASSOCIATION_OPEN)
		send_datagram(association, destination, data, length);
	else
		hold_datagram(association, destination, data, length);
}

/* What the upstream, or for want of one a destination, sent. */
static void take_answer(struct association *association, const struct sockaddr_storage *address, const uint8_t *data,
			size_t length)
{
	struct relay *relay = association->relay;
	struct endpoint source = {0};
	size_t header = 0;

	if (association->control.fd < 0) {
		if (!endpoint_read(address, &source))
			return;
	} else {
		header = socks5_udp_read(data, length, &source);
		if (header == 0 && association->fake.family != 0)
			header = socks5_udp_read_name(data, length, &source.port);
		if (header == 0) {
			association_report(relay, FAILURE_DATAGRAM, 0, &association->first,
					   _("ignored a datagram of the upstream: it is not SOCKS5, or a fragment"));
			return;
		}
	}
	if (association->fake.family != 0) {
		const uint16_t port = source.port;

		source = association->fake;
		source.port = port;
	}
	answers_send(relay, &association->client, &source, data + header, length - header);
}

static void on_socket(struct poll_source *source, uint32_t events)
{
	struct association *association = CONTAINER_OF(struct association, socket, source);
	uint8_t *buffer = association->relay->datagrams.buffer;

	(void)events;
	for (int i = 0; i < RECEIVE_MAX && association->state == ASSOCIATION_OPEN; i++) {
		struct sockaddr_storage address = {0};
		socklen_t address_length = sizeof(address);
		const ssize_t length = recvfrom(source->fd, buffer, DATAGRAM_MAX, MSG_DONTWAIT,
						(struct sockaddr *)&address, &address_length);

		if (length >= 0)
			take_answer(association, &address, buffer, (size_t)length);
		else if (errno == EAGAIN)
			return;
		else
			lose_datagram(association, &association->first, errno);
	}
}

/* The start. */

/* Returns 0, or an errno. */
static int open_socket(struct association *association, const struct endpoint *address)
{
	const struct endpoint any = {.family = association->client.family};
	struct sockaddr_storage socket_address;
	const socklen_t length = endpoint_to_sockaddr(address != NULL ? address : &any, &socket_address);
	const struct sockaddr *pointer = (const struct sockaddr *)&socket_address;
	const int fd = socket(socket_address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	association->socket = (struct poll_source){.fd = fd, .handle = on_socket};
	if ((address != NULL ? connect(fd, pointer, length) : bind(fd, pointer, length)) < 0)
		return errno;
	note_own_port(association);
	return -poller_add(&association->relay->poller, &association->socket, EPOLLIN);
}

static void send_held(struct association *association)
{
	struct held_datagram *held = NULL;

	STAILQ_FOREACH (held, &association->held, entry) {
		send_datagram(association, &held->destination, held->data, held->length);
		if (association->state != ASSOCIATION_OPEN) /* with all that was held */
			return;
	}
	drop_held(association);
}

void association_open(struct association *association, const struct endpoint *address)
{
	const int code = open_socket(association, address);
	char text[256];

	if (code != 0) {
		snprintf(text, sizeof(text), _("can't make a socket for its datagrams: %s"), strerror(code));
		association_fail(association, FAILURE_RESOURCES, (uint32_t)code, 0, text);
		return;
	}
	association->state = ASSOCIATION_OPEN;
	association->opened = clock_now();
	deadlines_set(&association->relay->deadlines, &association->deadline, DEADLINE_DATAGRAMS, association->opened,
		      expire_idle);
	send_held(association);
}
