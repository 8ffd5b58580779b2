/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/answer_sockets.h"

#include "proxy/destination.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

struct answer_socket {
	struct endpoint source;
	int fd;
	TAILQ_ENTRY(answer_socket) entry;
};

static int compare(const void *one, const void *other)
{
	return endpoint_compare(&((const struct answer_socket *)one)->source,
				&((const struct answer_socket *)other)->source);
}

void answer_sockets_init(struct answer_sockets *sockets, size_t max)
{
	*sockets = (struct answer_sockets){.max = max};
	TAILQ_INIT(&sockets->list);
}

int transparent_datagram_socket(int family)
{
	static const int on = 1;
	const int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	const int name = family == AF_INET ? IP_TRANSPARENT : IPV6_TRANSPARENT;
	const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int code = 0;

	if (fd < 0)
		return -errno;
	/* without the second, IPv4 would be in the way of the other socket */
	if (setsockopt(fd, level, name, &on, sizeof(on)) == 0 &&
	    (family == AF_INET || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0))
		return fd;
	code = errno;
	close(fd);
	return -code;
}

/* Returns a descriptor or a negative errno. */
static int open_socket(const struct endpoint *source)
{
	static const int on = 1;
	struct sockaddr_storage address;
	const socklen_t length = endpoint_to_sockaddr(source, &address);
	const int fd = transparent_datagram_socket(source->family);
	int code = 0;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, length) == 0)
		return fd;
	code = errno;
	close(fd);
	return -code;
}

static void drop(struct answer_sockets *sockets, struct answer_socket *socket)
{
	tdelete(socket, &sockets->tree, compare);
	TAILQ_REMOVE(&sockets->list, socket, entry);
	sockets->count--;
	close(socket->fd);
	free(socket);
}

/* Returns whether it is kept. */
static bool keep(struct answer_sockets *sockets, const struct endpoint *source, int fd)
{
	struct answer_socket *socket = malloc(sizeof(*socket));

	if (socket == NULL)
		return false;
	*socket = (struct answer_socket){.source = *source, .fd = fd};
	if (tsearch(socket, &sockets->tree, compare) == NULL) {
		free(socket);
		return false;
	}
	TAILQ_INSERT_TAIL(&sockets->list, socket, entry);
	sockets->count++;
	return true;
}

int answer_sockets_get(struct answer_sockets *sockets, const struct endpoint *source)
{
	const struct answer_socket wanted = {.source = *source};
	struct answer_socket *const *found = tfind(&wanted, &sockets->tree, compare);
	int fd = -1;

	if (found != NULL) {
		TAILQ_REMOVE(&sockets->list, *found, entry);
		TAILQ_INSERT_TAIL(&sockets->list, *found, entry);
		return (*found)->fd;
	}
	while (sockets->count >= sockets->max && !TAILQ_EMPTY(&sockets->list))
		drop(sockets, TAILQ_FIRST(&sockets->list));
	fd = open_socket(source);
	if (fd < 0 || keep(sockets, source, fd))
		return fd;
	close(fd);
	return -ENOMEM;
}

void answer_sockets_close(struct answer_sockets *sockets)
{
	while (sockets->count > 0)
		drop(sockets, TAILQ_FIRST(&sockets->list));
}
