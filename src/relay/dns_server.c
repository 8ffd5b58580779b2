/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_server.h"

#include "relay/connection.h"
#include "relay/ending.h"
#include "util/clock.h"
#include "util/container_of.h"
#include "util/language.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

enum { READS_MAX = 16 }; /* until others have their turn */

/* Returns whether there may be more. */
static bool hear(struct dns_service *service)
{
	uint8_t *buffer = service->relay->means.buffer;
	const ssize_t length = recv(service->server.source.fd, buffer, FLOW_COPY_MAX, MSG_DONTWAIT);

	if (length > 0)
		dns_tcp_received(service->tcp, buffer, (size_t)length, clock_now());
	else if (length == 0 || (errno != EAGAIN && errno != EINTR))
		dns_tcp_closed(service->tcp, clock_now());
	return length > 0 || (length < 0 && errno == EINTR);
}

/* An event may be that of an earlier connection, and then is in vain. */
static void on_server(struct poll_source *source, uint32_t events)
{
	struct dns_service *service = CONTAINER_OF(struct dns_service, server.source, source);
	int reads = 0;

	if (events & EPOLLOUT)
		dns_tcp_writable(service->tcp, clock_now());
	while (source->fd >= 0 && hear(service)) {
		if (++reads < READS_MAX)
			continue;
		poller_change(&service->relay->poller, source, EVENTS);
		return;
	}
}

static void on_opened(struct connection_owner *owner)
{
	struct dns_service *service = CONTAINER_OF(struct dns_service, server.owner, owner);

	dns_tcp_opened(service->tcp, clock_now());
}

static int open_server(void *data)
{
	struct dns_service *service = data;
	struct dns_server *server = &service->server;
	int pair[2];
	int result = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	server->source = (struct poll_source){.fd = pair[0], .handle = on_server};
	result = poller_add(&service->relay->poller, &server->source, EVENTS);
	if (result < 0) {
		close(pair[1]);
		return result;
	}
	return connection_begin_own(service->relay, pair[1], &server->destination, &server->owner);
}

static ssize_t send_to_server(void *data, const uint8_t *bytes, size_t length)
{
	struct dns_service *service = data;
	const ssize_t sent = send(service->server.source.fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0)
		return sent;
	return errno == EAGAIN ? 0 : -errno;
}

static void close_server(void *data)
{
	struct dns_service *service = data;

	poll_source_close(&service->server.source);
	if (service->server.owner.connection != NULL)
		connection_end(service->server.owner.connection, true);
}

static void take_answer(void *data, void *asker, const uint8_t *answer, size_t length)
{
	struct dns_asker *who = asker;

	(void)data;
	who->answered(who, answer, length);
}

static void take_failure(void *data, void *asker, const uint8_t *query, size_t length)
{
	struct dns_service *service = data;
	struct dns_asker *who = asker;
	uint8_t answer[DNS_ANSWER_MAX];

	failures_log(&service->relay->failures, FAILURE_DNS, 0, clock_now(), &service->server.destination,
		     _("the name server does not answer"));
	who->answered(who, answer, dns_fail(query, length, answer));
}

int dns_server_begin(struct dns_service *service, const struct endpoint *server, struct error *error)
{
	static const struct dns_tcp_caller caller = {open_server, send_to_server, close_server, take_answer,
						     take_failure};

	service->server.destination.endpoint = *server;
	service->server.owner.opened = on_opened;
	service->dns.has_server = true;
	service->tcp = dns_tcp_new(&caller, service);
	return service->tcp != NULL ? 0 : error_set(error, -ENOMEM, "out of memory");
}
