/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/control.h"

#include "relay/socket_options.h"
#include "util/clock.h"
#include "util/container_of.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	HEAR_MAX = 64, /* bytes of an answer read together */
	NOT_ALLOWED = 2,
	COMMAND_NOT_SUPPORTED = 7,
};

/* For how long nobody asks again. */
static const uint64_t after_failure = USEC_PER_SEC;
static const uint64_t after_hanging_up = 10 * USEC_PER_SEC; /* as does who knows no UDP and does not say so */
static const uint64_t after_refusal = 60 * USEC_PER_SEC;

static void try_address(struct association *association);

static void expire_reach(struct deadline *deadline, uint64_t now)
{
	struct association *association = CONTAINER_OF(struct association, deadline, deadline);

	(void)now;
	if (association->state == ASSOCIATION_REACHING &&
	    ++association->tries < association->relay->upstream->address_count)
		try_address(association);
	else
		association_fail(association, FAILURE_SLOW, DEADLINE_REACH, after_failure,
				 _("the upstream does not answer"));
}

static bool is_lack(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS || code == EADDRNOTAVAIL;
}

static void fail_to_reach(struct association *association, int code)
{
	char text[UPSTREAM_NAME_SIZE + 256];
	char name[UPSTREAM_NAME_SIZE];

	if (is_lack(code))
		snprintf(text, sizeof(text), _("can't connect to the upstream: %s"), strerror(code));
	else
		snprintf(text, sizeof(text), _("can't reach the upstream %s: %s"),
			 upstream_write(association->relay->upstream, name), strerror(code));
	association_fail(association, is_lack(code) ? FAILURE_RESOURCES : FAILURE_UPSTREAM, (uint32_t)code,
			 after_failure, text);
}

static void fail_in_handshake(struct association *association)
{
	const struct handshake *handshake = &association->handshake;
	const bool is_refused = handshake->failure == HANDSHAKE_REFUSED &&
				(handshake->code == COMMAND_NOT_SUPPORTED || handshake->code == NOT_ALLOWED);
	char reason[HANDSHAKE_TEXT_SIZE];
	char text[HANDSHAKE_TEXT_SIZE + 64];

	handshake_describe(handshake, reason);
	if (!is_refused) {
		association_fail(association, FAILURE_HANDSHAKE, (uint32_t)handshake->failure << 16 | handshake->code,
				 after_failure, reason);
		return;
	}
	snprintf(text, sizeof(text), _("no UDP: %s"), reason);
	association_fail(association, FAILURE_NO_UDP, handshake->code, after_refusal, text);
}

/* code: an errno, or 0 if the upstream ended the connection */
static void lose(struct association *association, int code)
{
	char text[256];

	if (association->state == ASSOCIATION_OPEN) {
		/* which is its right, but not at once each time */
		if (association->opened + after_failure > clock_now())
			association->relay->associations.silent_until = association->opened + after_failure;
		association_end(association);
	} else if (handshake_is_requested(&association->handshake) &&
		   (code == 0 || code == ECONNRESET || code == EPIPE)) {
		association_fail(association, FAILURE_NO_UDP, 0, after_hanging_up,
				 _("no UDP: the upstream ended the connection when it was asked for it"));
	} else {
		snprintf(text, sizeof(text),
			 _("the connection to the upstream failed before there was a port for UDP: %s"),
			 code == 0 ? _("the upstream ended it") : strerror(code));
		association_fail(association, FAILURE_LOST, (uint32_t)code, after_failure, text);
	}
}

static void wait_for(struct association *association, uint32_t events)
{
	poller_change(&association->relay->poller, &association->control, events);
}

static void send_output(struct association *association)
{
	struct handshake *handshake = &association->handshake;
	size_t length = 0;
	const uint8_t *output = handshake_output(handshake, association->relay->means.buffer, &length);
	const ssize_t sent = send(association->control.fd, output, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno != EAGAIN) {
		lose(association, errno);
		return;
	}
	if (sent >= 0)
		handshake_sent(handshake, (size_t)sent, (size_t)sent == length);
	wait_for(association, handshake->state == HANDSHAKE_SEND ? EPOLLOUT : EPOLLIN);
}

/* A server that listens everywhere may say so; what is meant is where it was reached. */
static void complete_address(const struct association *association, struct endpoint *address)
{
	const bool is_any = address->family == AF_INET ? address->ip.s_addr == htonl(INADDR_ANY)
						       : IN6_IS_ADDR_UNSPECIFIED(&address->ip6);
	struct sockaddr_storage peer = {0};
	socklen_t length = sizeof(peer);
	const uint16_t port = address->port;

	if (!is_any)
		return;
	if (getpeername(association->control.fd, (struct sockaddr *)&peer, &length) < 0 ||
	    !endpoint_read(&peer, address)) /* a Unix socket */
		*address = (struct endpoint){.family = AF_INET, .ip.s_addr = htonl(INADDR_LOOPBACK)};
	address->port = port;
}

static void finish(struct association *association)
{
	struct endpoint address;

	if (!socks5_read_bound(association->reply, &address)) {
		association_fail(association, FAILURE_NO_UDP, 1, after_failure,
				 _("no UDP: the upstream does not say by an address where it wants the datagrams"));
		return;
	}
	complete_address(association, &address);
	wait_for(association, EPOLLIN | EPOLLRDHUP);
	association_open(association, &address);
}

static void take_byte(struct association *association, uint8_t byte)
{
	struct handshake *handshake = &association->handshake;

	if (handshake_is_requested(handshake) && handshake->socks5.read < sizeof(association->reply))
		association->reply[handshake->socks5.read] = byte;
	(void)handshake_take(handshake, &byte, 1);
}

static void hear(struct association *association)
{
	struct handshake *handshake = &association->handshake;
	uint8_t buffer[HEAR_MAX];
	const ssize_t length = recv(association->control.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	ssize_t taken = 0;

	if (length <= 0) {
		if (length == 0 || errno != EAGAIN)
			lose(association, length < 0 ? errno : 0);
		return;
	}
	while (taken < length && association->state != ASSOCIATION_OPEN && handshake->state == HANDSHAKE_RECEIVE)
		take_byte(association, buffer[taken++]);
	if (handshake->state == HANDSHAKE_FAILED)
		fail_in_handshake(association);
	else if (taken < length) /* there is nothing more for it to say */
		association_fail(association, FAILURE_HANDSHAKE, (uint32_t)HANDSHAKE_GARBAGE << 16, after_failure,
				 _("the upstream's answer is not SOCKS5"));
	else if (handshake->state == HANDSHAKE_SEND)
		send_output(association);
	else if (handshake->state == HANDSHAKE_READY)
		finish(association);
}

static void try_next_address(struct association *association, int code)
{
	poll_source_close(&association->control);
	if (++association->tries < association->relay->upstream->address_count)
		try_address(association);
	else
		fail_to_reach(association, code);
}

static void on_control(struct poll_source *source, uint32_t events)
{
	struct association *association = CONTAINER_OF(struct association, control, source);
	struct relay *relay = association->relay;

	if (association->state == ASSOCIATION_REACHING) {
		const int code = socket_take_error(source->fd);

		if (code != 0) {
			try_next_address(association, code);
			return;
		}
		association->state = ASSOCIATION_HANDSHAKE;
		relay->upstream_address =
			(relay->upstream_address + association->tries) % relay->upstream->address_count;
		send_output(association);
	} else if (association->handshake.state == HANDSHAKE_SEND && (events & EPOLLOUT)) {
		send_output(association);
	} else {
		hear(association);
	}
}

/* Returns 0, or an errno. */
static int begin_to_connect(struct association *association)
{
	const struct relay *relay = association->relay;
	const struct upstream *upstream = relay->upstream;
	const struct upstream_address *address =
		&upstream->addresses[(relay->upstream_address + association->tries) % upstream->address_count];
	const int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	association->control = (struct poll_source){.fd = fd, .handle = on_control};
	if (address->any.sa_family != AF_UNIX)
		socket_prepare(fd);
	if (connect(fd, &address->any, address->length) < 0 && errno != EINPROGRESS)
		return errno;
	handshake_begin_association(&association->handshake, upstream, address->any.sa_family);
	return -poller_add(&relay->poller, &association->control, EPOLLOUT);
}

static void try_address(struct association *association)
{
	int code = 0;

	poll_source_close(&association->control);
	deadlines_set(&association->relay->deadlines, &association->deadline, DEADLINE_REACH, clock_now(),
		      expire_reach);
	code = begin_to_connect(association);
	if (code != 0)
		try_next_address(association, code);
}

void control_begin(struct association *association)
{
	association->state = ASSOCIATION_REACHING;
	try_address(association);
}
