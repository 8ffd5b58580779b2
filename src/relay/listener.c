/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/listener.h"

#include "relay/connection.h"
#include "relay/datagrams.h"
#include "relay/dns_client.h"
#include "relay/names.h"
#include "relay/own_address.h"
#include "relay/own_ports.h"
#include "relay/socket_options.h"
#include "util/clock.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum {
	ACCEPT_MAX = 64, /* in one go, before others have their turn */
	BACKLOG = 4096,
};

static void expire_pause(struct deadline *deadline, uint64_t now)
{
	struct relay *relay = (struct relay *)(void *)((char *)deadline - offsetof(struct relay, resuming));

	(void)now;
	relay->count_paused = SIZE_MAX;
	listeners_resume(relay);
}

/* Those that connect meanwhile wait in the queue. */
static void pause_listeners(struct relay *relay)
{
	relay->is_paused = true;
	relay->count_paused = relay->count;
	for (size_t i = 0; i < relay->listener_count; i++)
		poller_change(&relay->poller, &relay->listeners[i].source, 0);
	deadlines_set(&relay->deadlines, &relay->resuming, DEADLINE_RESUME, clock_now(), expire_pause);
}

void listeners_resume(struct relay *relay)
{
	if (!relay->is_paused || relay->count >= relay->count_paused || relay->count >= relay->count_max)
		return;
	relay->is_paused = false;
	deadlines_unset(&relay->deadlines, &relay->resuming);
	for (size_t i = 0; i < relay->listener_count; i++)
		poller_change(&relay->poller, &relay->listeners[i].source, EPOLLIN);
}

static void pause_at_limit(struct relay *relay)
{
	char text[512];

	snprintf(text, sizeof(text),
		 relay->is_files_limit
			 ? _("there are %zu connections, and the limit of open files (LimitNOFILE=, ulimit -n) allows "
			     "no more: others wait until one has ended")
			 : _("there are %zu connections, as many as may be: others wait until one has ended"),
		 relay->count);
	failures_log(&relay->failures, FAILURE_LIMIT, 0, clock_now(), NULL, text);
	pause_listeners(relay);
}

/* Errors of the connection itself, which is gone then (accept(2)), are no reason to stop. */
static bool is_lack(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

static void pause_for_lack(struct relay *relay, int code)
{
	char text[512];

	snprintf(text, sizeof(text), _("can't accept connections for now, so that they wait: %s"), strerror(code));
	failures_log(&relay->failures, FAILURE_RESOURCES, (uint32_t)code, clock_now(), NULL, text);
	pause_listeners(relay);
}

static void refuse(struct relay *relay, int client, const struct destination *destination, enum failure_cause cause,
		   int code, const char *text)
{
	failures_log(&relay->failures, cause, (uint32_t)code, clock_now(), destination, text);
	socket_reset(client);
}

/* Returns whether it goes on; or else the client has been refused. */
static bool check_address(struct relay *relay, int client, const struct destination *destination)
{
	bool is_own = false;
	const int result = own_address_find(&relay->netlink, &destination->endpoint, &is_own);

	if (result < 0)
		refuse(relay, client, destination, FAILURE_RESOURCES, -result,
		       _("can't find out whether this address is the host's own"));
	else if (is_own)
		refuse(relay, client, destination, FAILURE_OWN, 0,
		       _("refused: this address is the host's own, so that nothing but the relay itself is meant"));
	return result == 0 && !is_own;
}

/* Likewise; finds the name that stands for the address. */
static bool find_name(struct relay *relay, int client, struct destination *destination)
{
	destination->name = relay_name_of(relay, &destination->endpoint);
	if (destination->name != NULL || !relay_is_fake(relay, &destination->endpoint))
		return true;
	refuse(relay, client, destination, FAILURE_NAME, 0,
	       _("refused: this fake address has no name, or has one no more; who looks the name up again gets its "
		 "address"));
	return false;
}

/* Likewise. Port 53 can't be the relay's own then, so that who asks was diverted, whatever the address. */
static bool check_destination(struct relay *relay, int client, const struct endpoint *peer,
			      struct destination *destination, bool is_dns)
{
	if (!is_dns && !check_address(relay, client, destination))
		return false;
	if (own_ports_have(relay, peer)) {
		refuse(relay, client, destination, FAILURE_LOOP, 0,
		       _("refused: it is the relay itself that connects to it, and is sent back to the relay: the "
			 "relay's cgroup has to be direct"));
		return false;
	}
	return is_dns || find_name(relay, client, destination);
}

static void admit(struct relay *relay, int client, const struct endpoint *peer)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct destination destination = {0};
	struct source *source = NULL;
	bool is_dns = false;
	int result = 0;

	if (getsockname(client, (struct sockaddr *)&address, &length) < 0 ||
	    !endpoint_read(&address, &destination.endpoint)) {
		socket_reset(client);
		return;
	}
	is_dns = relay->dns != NULL && destination.endpoint.port == DNS_PORT;
	if (!check_destination(relay, client, peer, &destination, is_dns))
		return;
	result = sources_enter(&relay->sources, peer, &source);
	if (result == -EUSERS) {
		refuse(relay, client, &destination, FAILURE_SOURCE, 0,
		       _("refused: its client has as many connections as one may have"));
		return;
	}
	if (result == 0)
		result = is_dns ? dns_client_begin(relay, client, source)
				: connection_begin(relay, client, &destination, source);
	else
		socket_reset(client);
	if (result < 0)
		failures_log(&relay->failures, FAILURE_RESOURCES, (uint32_t)-result, clock_now(), &destination,
			     strerror(-result));
}

/* Returns whether there may be more. */
static bool accept_one(struct relay *relay, int listener)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct endpoint peer = {0};
	int client = -1;

	if (relay->count >= relay->count_max) {
		pause_at_limit(relay);
		return false;
	}
	client = accept4(listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client < 0) {
		const int code = errno;

		if (is_lack(code))
			pause_for_lack(relay, code);
		return code != EAGAIN && !is_lack(code);
	}
	if (endpoint_read(&address, &peer))
		admit(relay, client, &peer);
	else
		socket_reset(client);
	return true;
}

static void on_listener(struct poll_source *source, uint32_t events)
{
	const struct listener *listener = (const struct listener *)(void *)source;

	(void)events;
	for (int i = 0; i < ACCEPT_MAX && !listener->relay->is_paused; i++) {
		if (!accept_one(listener->relay, source->fd))
			return;
	}
}

static void add_listener(struct relay *relay, int fd)
{
	socket_prepare(fd);
	relay->listeners[relay->listener_count++] =
		(struct listener){.source = {.fd = fd, .handle = on_listener}, .relay = relay};
}

static bool is_transparent(int fd)
{
	int value = 0;
	socklen_t length = sizeof(value);

	/* the same bit of the socket for either family */
	if (getsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &value, &length) < 0)
		(void)getsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &value, &length);
	return value != 0;
}

static int take_inherited(struct relay *relay, int fd, struct error *error)
{
	const int flags = fcntl(fd, F_GETFL);
	const bool is_datagrams = sd_is_socket_inet(fd, AF_UNSPEC, SOCK_DGRAM, -1, 0) > 0;

	if (!is_datagrams && sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) <= 0)
		return error_set(error, -EINVAL,
				 "descriptor %d, from systemd, is neither a TCP socket that listens nor a UDP socket: "
				 "its unit has to have ListenStream= or ListenDatagram= with a port",
				 fd);
	if (!is_transparent(fd))
		return error_set(error, -EINVAL,
				 "the socket from systemd is not transparent: its unit has to have Transparent=yes");
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_set(error, -errno, "can't use the socket from systemd: %s", strerror(errno));
	if (is_datagrams)
		return datagrams_take(relay, fd, error);
	add_listener(relay, fd);
	return 0;
}

int listeners_inherit(struct relay *relay, struct error *error)
{
	const int count = sd_listen_fds(1);

	if (count < 0)
		return error_set(error, count, "can't take the sockets from systemd: %s", strerror(-count));
	if (count > LISTENERS_MAX)
		return error_set(error, -E2BIG, "systemd passes on more sockets than %d", LISTENERS_MAX);
	for (int i = 0; i < count; i++) {
		const int result = take_inherited(relay, SD_LISTEN_FDS_START + i, error);

		if (result < 0)
			return result;
	}
	return count;
}

static int set_on(int fd, int level, int name)
{
	static const int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on));
}

static int fail_to_listen(int fd, int family, uint16_t port, struct error *error)
{
	const int code = errno;

	close(fd);
	if (code == EPERM)
		return error_set(error, -code,
				 "can't make a transparent socket: this needs the capability CAP_NET_ADMIN or "
				 "CAP_NET_RAW, unless systemd passes the socket on");
	return error_set(error, -code, "can't listen on port %u over IPv%d: %s", port, family == AF_INET ? 4 : 6,
			 strerror(code));
}

static int make_listener(struct relay *relay, int family, uint16_t port, struct error *error)
{
	const struct endpoint any = {.family = family, .port = port};
	struct sockaddr_storage address;
	const socklen_t length = endpoint_to_sockaddr(&any, &address);
	const bool is_ip6 = family == AF_INET6;
	const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 && is_ip6 && errno == EAFNOSUPPORT)
		return 0;
	if (fd < 0)
		return error_set(error, -errno, "can't make a socket: %s", strerror(errno));
	if (set_on(fd, SOL_SOCKET, SO_REUSEADDR) < 0 || (is_ip6 && set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) < 0) ||
	    set_on(fd, is_ip6 ? IPPROTO_IPV6 : IPPROTO_IP, is_ip6 ? IPV6_TRANSPARENT : IP_TRANSPARENT) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, length) < 0 || listen(fd, BACKLOG) < 0)
		return fail_to_listen(fd, family, port, error);
	add_listener(relay, fd);
	return 0;
}

int listeners_make(struct relay *relay, uint16_t port, struct error *error)
{
	int result = make_listener(relay, AF_INET, port, error);

	if (result >= 0)
		result = make_listener(relay, AF_INET6, port, error);
	return result < 0 ? result : datagrams_make(relay, port, error);
}

static bool is_dns_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct endpoint endpoint;

	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 && endpoint_read(&address, &endpoint) &&
	       endpoint.port == DNS_PORT;
}

static bool have_dns_port(const struct listener *listeners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_dns_port(listeners[i].source.fd))
			return true;
	}
	return false;
}

int listeners_start(struct relay *relay, struct error *error)
{
	if (relay->dns != NULL && (have_dns_port(relay->listeners, relay->listener_count) ||
				   have_dns_port(relay->datagrams.sockets, relay->datagrams.count)))
		return error_set(error, -EINVAL,
				 "a relay that answers DNS can't listen on port 53 itself: anyone could ask it there");
	for (size_t i = 0; i < relay->listener_count; i++) {
		const int result = poller_add(&relay->poller, &relay->listeners[i].source, EPOLLIN);
		if (result < 0)
			return error_set(error, result, "can't wait for connections: %s", strerror(-result));
	}
	return datagrams_start(relay, error);
}

void listeners_close(struct relay *relay)
{
	for (size_t i = 0; i < relay->listener_count; i++)
		poll_source_close(&relay->listeners[i].source);
	relay->listener_count = 0;
	datagrams_close(relay);
}
