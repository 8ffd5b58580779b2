/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/datagrams.h"

#include "relay/associations.h"
#include "relay/dns_listener.h"
#include "relay/names.h"
#include "relay/own_address.h"
#include "util/clock.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RECEIVE_MAX = 64,      /* in one go, before others have their turn */
	QUEUE_BYTES = 1 << 20, /* in the kernel, as far as it allows */
	CONTROL_SIZE = 256,    /* for the ancillary data: an address of either family */
};

/* Returns whether the destination was found. A socket for both families has that of IPv4 as IPv4. */
static bool read_destination(struct msghdr *message, struct endpoint *destination)
{
	struct sockaddr_storage address = {0};

	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL; head = CMSG_NXTHDR(message, head)) {
		const bool is_ip = head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_ORIGDSTADDR;
		const size_t size = is_ip ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

		if (!is_ip && (head->cmsg_level != IPPROTO_IPV6 || head->cmsg_type != IPV6_ORIGDSTADDR))
			continue;
		if (head->cmsg_len < CMSG_LEN(size))
			return false;
		memcpy(&address, CMSG_DATA(head), size);
		return endpoint_read(&address, destination);
	}
	return false;
}

/* Returns whether it goes on: datagrams to this host were sent to the relay itself, by whomever. */
static bool check_destination(struct relay *relay, const struct endpoint *destination)
{
	const struct destination shown = {.endpoint = *destination};
	const uint64_t now = clock_now();
	bool is_own = false;
	const int result = own_addresses_find(&relay->datagrams.own, &relay->netlink, destination, now, &is_own);

	if (result < 0)
		failures_log(&relay->failures, FAILURE_RESOURCES, (uint32_t)-result, now, &shown,
			     _("can't find out whether this address is the host's own"));
	else if (is_own)
		failures_log(
			&relay->failures, FAILURE_OWN, IPPROTO_UDP, now, &shown,
			_("ignored a datagram: this address is the host's own, so that nothing but the relay itself "
			  "is meant"));
	return result == 0 && !is_own;
}

/* Likewise; nobody has a fake address without a name. */
static bool check_name(struct relay *relay, const struct endpoint *destination)
{
	const struct destination shown = {.endpoint = *destination};

	if (!relay_is_fake(relay, destination) || relay_name_of(relay, destination) != NULL)
		return true;
	failures_log(&relay->failures, FAILURE_NAME, IPPROTO_UDP, clock_now(), &shown,
		     _("ignored a datagram: this fake address has no name, or has one no more; who looks the name up "
		       "again gets its address"));
	return false;
}

static void dispatch(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
		     const void *data, size_t length)
{
	if (client->port == 0 || destination->port == 0)
		return;
	if (dns_listener_wants(relay, destination)) {
		dns_listener_take(relay, client, destination, data, length);
		return;
	}
	if (!check_destination(relay, destination) || !check_name(relay, destination))
		return;
	associations_pass(relay, client, destination, data, length);
}

/* Returns whether there may be more. */
static bool receive_one(struct relay *relay, int fd)
{
	struct sockaddr_storage address = {0};
	char control[CONTROL_SIZE] __attribute__((aligned(8)));
	struct iovec part = {.iov_base = relay->datagrams.buffer, .iov_len = DATAGRAM_MAX};
	struct msghdr message = {
		.msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
	struct endpoint client = {0};
	struct endpoint destination = {0};

	if (length < 0)
		return false;
	if (endpoint_read(&address, &client) && read_destination(&message, &destination))
		dispatch(relay, &client, &destination, relay->datagrams.buffer, (size_t)length);
	return true;
}

static void on_datagrams(struct poll_source *source, uint32_t events)
{
	const struct listener *socket = (const struct listener *)(void *)source;

	(void)events;
	for (int i = 0; i < RECEIVE_MAX; i++) {
		if (!receive_one(socket->relay, source->fd))
			return;
	}
}

static bool set_on(int fd, int level, int name)
{
	static const int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

/* Returns 0 or a negative errno; the descriptor is the relay's or closed. */
static int add_socket(struct relay *relay, int fd, int family, struct error *error)
{
	static const int queue = QUEUE_BYTES;
	struct datagrams *datagrams = &relay->datagrams;
	const bool is_ip6 = family == AF_INET6;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
	/* one for both families needs both */
	if ((is_ip6 && !set_on(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR)) ||
	    (!set_on(fd, IPPROTO_IP, IP_RECVORIGDSTADDR) && !is_ip6)) {
		const int code = errno;

		close(fd);
		return error_set(error, -code, "can't ask for the destinations of datagrams: %s", strerror(code));
	}
	datagrams->sockets[datagrams->count++] =
		(struct listener){.source = {.fd = fd, .handle = on_datagrams}, .relay = relay};
	return 0;
}

int datagrams_take(struct relay *relay, int fd, struct error *error)
{
	int family = 0;
	socklen_t length = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) < 0)
		return error_set(error, -errno, "can't use the UDP socket from systemd: %s", strerror(errno));
	return add_socket(relay, fd, family, error);
}

static int make_socket(struct relay *relay, int family, uint16_t port, struct error *error)
{
	const struct endpoint any = {.family = family, .port = port};
	struct sockaddr_storage address;
	const socklen_t length = endpoint_to_sockaddr(&any, &address);
	const int fd = transparent_datagram_socket(family);

	if (fd == -EAFNOSUPPORT && family == AF_INET6)
		return 0;
	if (fd < 0)
		return error_set(error, fd, "can't make a transparent UDP socket: %s", strerror(-fd));
	/* after bind(): no other relay may have this port, but sockets that answer may */
	if (bind(fd, (const struct sockaddr *)&address, length) < 0 || !set_on(fd, SOL_SOCKET, SO_REUSEADDR)) {
		const int code = errno;

		close(fd);
		return error_set(error, -code, "can't receive UDP on port %u over IPv%d: %s", port,
				 family == AF_INET ? 4 : 6, strerror(code));
	}
	return add_socket(relay, fd, family, error);
}

int datagrams_make(struct relay *relay, uint16_t port, struct error *error)
{
	const int result = make_socket(relay, AF_INET, port, error);

	return result < 0 ? result : make_socket(relay, AF_INET6, port, error);
}

/* Tries it. */
static bool can_answer(void)
{
	const int fd = transparent_datagram_socket(AF_INET);

	if (fd < 0)
		return fd != -EPERM;
	close(fd);
	return true;
}

int datagrams_start(struct relay *relay, struct error *error)
{
	struct datagrams *datagrams = &relay->datagrams;

	if (datagrams->count > 0 && !can_answer()) {
		log_warning(
			"UDP is not relayed: answers need the capability CAP_NET_RAW, which this process does not have "
			"(AmbientCapabilities=CAP_NET_RAW)");
		datagrams_close(relay);
	}
	if (datagrams->count > 0 && datagrams->buffer == NULL)
		datagrams->buffer = malloc(DATAGRAM_MAX);
	if (datagrams->count > 0 && datagrams->buffer == NULL)
		return error_set(error, -ENOMEM, "can't receive UDP: %s", strerror(ENOMEM));
	for (size_t i = 0; i < datagrams->count; i++) {
		const int result = poller_add(&relay->poller, &datagrams->sockets[i].source, EPOLLIN);

		if (result < 0)
			return error_set(error, result, "can't wait for datagrams: %s", strerror(-result));
	}
	return 0;
}

void datagrams_close(struct relay *relay)
{
	struct datagrams *datagrams = &relay->datagrams;

	for (size_t i = 0; i < datagrams->count; i++)
		poll_source_close(&datagrams->sockets[i].source);
	datagrams->count = 0;
	answer_sockets_close(&datagrams->answers);
	free(datagrams->buffer);
	datagrams->buffer = NULL;
}
