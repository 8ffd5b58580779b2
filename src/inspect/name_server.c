/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/name_server.h"

#include "util/clock.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ASKED_MAX = 16,
	HEADER_SIZE = 12,
	FLAGS = 2, /* their place in the header */
	IS_ANSWER = 0x80,
	TIMEOUT_MS = 1000,
	USEC_PER_MS = 1000,
	EPHEMERAL_FIRST = 32768, /* net.ipv4.ip_local_port_range, by default */
};

/* RFC 1035: "localhost", type A, class IN, recursion desired. */
static const unsigned char query[] = "\xc6\x7a\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				     "\x09localhost\x00\x00\x01\x00\x01";
enum { QUERY_SIZE = sizeof(query) - 1 };

/* Who was asked. */
struct asked {
	struct pollfd sockets[ASKED_MAX];
	struct sockaddr_in addresses[ASKED_MAX];
	size_t count;
};

static bool listens_on_tcp(const struct listeners *listeners, uint16_t port, uint64_t cgroup_id)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->items[i].protocol == IPPROTO_TCP && listeners->items[i].port == port &&
		    listeners->items[i].cgroup_id == cgroup_id)
			return true;
	}
	return false;
}

/* A proxy has many UDP sockets that are clients'. Those have a port that the kernel chose. */
static bool may_be_name_server(const struct listener *listener, const struct listeners *listeners, uint64_t cgroup_id)
{
	return listener->protocol == IPPROTO_UDP && listener->cgroup_id == cgroup_id && !listener->transparent &&
	       listener->interface == 0 && listener_takes_family(listener, AF_INET) &&
	       (listener->port < EPHEMERAL_FIRST || listens_on_tcp(listeners, listener->port, cgroup_id));
}

static struct sockaddr_in address_of(const struct listener *listener)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(listener->port)};

	if (listener_is_wildcard(listener))
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (listener->family == AF_INET)
		address.sin_addr = listener->address.ip;
	else
		address.sin_addr.s_addr = listener->address.ip6.s6_addr32[3];
	return address;
}

/* A connected socket gets only what comes from the address that was asked, as it must for a hijacked query. */
static void ask(struct asked *asked, const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 || send(fd, query, QUERY_SIZE, 0) < 0) {
		close(fd);
		return;
	}
	asked->sockets[asked->count] = (struct pollfd){.fd = fd, .events = POLLIN};
	asked->addresses[asked->count++] = *address;
}

static bool has_answered(struct pollfd *socket)
{
	unsigned char answer[512];
	ssize_t length = 0;

	if (socket->revents == 0)
		return false;
	length = recv(socket->fd, answer, sizeof(answer), 0);
	if (length < 0) {
		socket->fd =
			-socket->fd - 1; /* an error, such as that nobody listens: poll(2) ignores it from now on */
		return false;
	}
	return length >= HEADER_SIZE && memcmp(answer, query, FLAGS) == 0 && (answer[FLAGS] & IS_ANSWER) != 0;
}

static bool await_answer(struct asked *asked, struct sockaddr_in *address)
{
	const uint64_t end = clock_now() + (uint64_t)TIMEOUT_MS * USEC_PER_MS;

	for (uint64_t now = clock_now(); asked->count > 0 && now < end; now = clock_now()) {
		if (poll(asked->sockets, asked->count, (int)((end - now) / USEC_PER_MS) + 1) < 0)
			continue;
		for (size_t i = 0; i < asked->count; i++) {
			if (has_answered(&asked->sockets[i])) {
				*address = asked->addresses[i];
				return true;
			}
		}
	}
	return false;
}

bool name_server_find(const struct listeners *listeners, uint64_t cgroup_id, struct sockaddr_in *address)
{
	struct asked asked = {.count = 0};
	bool found = false;

	for (size_t i = 0; i < listeners->count && asked.count < ASKED_MAX; i++) {
		const struct sockaddr_in asked_at = address_of(&listeners->items[i]);

		if (may_be_name_server(&listeners->items[i], listeners, cgroup_id))
			ask(&asked, &asked_at);
	}
	found = await_answer(&asked, address);
	for (size_t i = 0; i < asked.count; i++)
		close(asked.sockets[i].fd >= 0 ? asked.sockets[i].fd : -(asked.sockets[i].fd + 1));
	return found;
}
