/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/listeners.h"

#include "socket/diag.h"
#include "util/array.h"
#include "util/loopback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void read_options(const struct diag_socket *socket, struct listener *listener)
{
	const struct nlattr *cgroup = socket->attributes[INET_DIAG_CGROUP_ID];
	const struct nlattr *v6only = socket->attributes[INET_DIAG_SKV6ONLY];
	const struct nlattr *options = socket->attributes[INET_DIAG_SOCKOPT]; /* from Linux 5.10 */
	struct inet_diag_sockopt bits = {0};

	if (options != NULL)
		memcpy(&bits, mnl_attr_get_payload(options), sizeof(bits));
	listener->cgroup_id = cgroup != NULL ? mnl_attr_get_u64(cgroup) : 0;
	listener->v6only = v6only != NULL && mnl_attr_get_u8(v6only) != 0;
	listener->transparent = bits.transparent;
}

static int add_listener(struct listeners *listeners, uint8_t protocol, const struct diag_socket *socket)
{
	const struct inet_diag_msg *head = socket->head;
	struct listener listener = {
		.inode = head->idiag_inode,
		.interface = head->id.idiag_if,
		.protocol = protocol,
		.family = head->idiag_family,
		.port = ntohs(head->id.idiag_sport),
	};
	struct listener *items =
		array_reserve(listeners->items, &listeners->capacity, listeners->count + 1, sizeof(*listeners->items));

	if (items == NULL)
		return -ENOMEM;
	if (listener.family == AF_INET)
		memcpy(&listener.address.ip, head->id.idiag_src, sizeof(listener.address.ip));
	else
		memcpy(&listener.address.ip6, head->id.idiag_src, sizeof(listener.address.ip6));
	read_options(socket, &listener);
	listeners->items = items;
	items[listeners->count++] = listener;
	return 0;
}

static int note_tcp(const struct diag_socket *socket, void *userdata)
{
	return add_listener(userdata, IPPROTO_TCP, socket);
}

static int note_udp(const struct diag_socket *socket, void *userdata)
{
	return add_listener(userdata, IPPROTO_UDP, socket);
}

/* An unconnected UDP socket is in the state that TCP calls closed. */
static const struct diag_request requests[LISTENER_QUESTIONS] = {
	{AF_INET, IPPROTO_TCP, 1U << TCP_LISTEN, 0},
	{AF_INET6, IPPROTO_TCP, 1U << TCP_LISTEN, 0},
	{AF_INET, IPPROTO_UDP, 1U << TCP_CLOSE, 0},
	{AF_INET6, IPPROTO_UDP, 1U << TCP_CLOSE, 0},
};

enum { TCP_QUESTIONS = 2 };

/* The socket that a packet would reach, or else all that there are: to list a hundred thousand takes its time. */
static int ask_for_udp(struct netlink *netlink, const struct diag_request *request, const struct diag_reader *reader)
{
	const struct in_addr ip = {htonl(INADDR_LOOPBACK)};
	const void *address = request->family == AF_INET ? (const void *)&ip : &in6addr_loopback;
	const size_t before = *reader->count;
	int result = diag_find_udp(netlink, request, address, LOOPBACK_INDEX, reader);

	return result < 0 || *reader->count > before ? result : diag_list(netlink, request, reader);
}

int listeners_ask(unsigned question, uint16_t port, struct listeners *listeners)
{
	struct diag_request request = requests[question];
	const struct diag_reader reader = {request.protocol == IPPROTO_TCP ? note_tcp : note_udp, listeners,
					   &listeners->count};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	request.port = port;
	if (result == 0 && request.protocol == IPPROTO_UDP && port != 0)
		result = ask_for_udp(&netlink, &request, &reader);
	else if (result == 0)
		result = diag_list(&netlink, &request, &reader);
	netlink_close(&netlink);
	return result;
}

int listeners_find_udp_at(const struct endpoint *address, uint32_t interface, struct listeners *listeners)
{
	const struct diag_request request = {(uint8_t)address->family, IPPROTO_UDP, 1U << TCP_CLOSE, address->port};
	const struct diag_reader reader = {note_udp, listeners, &listeners->count};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	if (result == 0)
		result = diag_find_udp(&netlink, &request, &address->ip6, interface, &reader);
	netlink_close(&netlink);
	return result;
}

static int ask_all(unsigned questions, uint16_t port, struct listeners *listeners)
{
	int result = 0;

	for (unsigned i = 0; i < questions && result == 0; i++)
		result = listeners_ask(i, port, listeners);
	return result;
}

int listeners_find(uint16_t port, struct listeners *listeners)
{
	return ask_all(LISTENER_QUESTIONS, port, listeners);
}

int listeners_find_tcp(struct listeners *listeners)
{
	return ask_all(TCP_QUESTIONS, 0, listeners);
}

int listeners_find_udp(uint16_t port, struct listeners *listeners)
{
	const struct diag_reader reader = {note_udp, listeners, &listeners->count};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	for (unsigned i = TCP_QUESTIONS; i < LISTENER_QUESTIONS && result == 0; i++) {
		struct diag_request request = requests[i];

		request.port = port;
		result = diag_list(&netlink, &request, &reader);
	}
	netlink_close(&netlink);
	return result;
}

/* An IPv6 socket has IPv4 addresses as ::ffff:a.b.c.d. */
bool listener_takes_family(const struct listener *listener, uint8_t family)
{
	if (listener->family == AF_INET)
		return family == AF_INET;
	if (IN6_IS_ADDR_V4MAPPED(&listener->address.ip6))
		return family == AF_INET;
	return family == AF_INET6 || (!listener->v6only && IN6_IS_ADDR_UNSPECIFIED(&listener->address.ip6));
}

bool listener_is_wildcard(const struct listener *listener)
{
	if (listener->family == AF_INET)
		return listener->address.ip.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&listener->address.ip6);
}

bool listeners_take_tproxy(const struct listeners *listeners, uint64_t cgroup, uint16_t port)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];

		if (listener->transparent && listener->cgroup_id == cgroup && listener->port == port)
			return true;
	}
	return false;
}

void listeners_clear(struct listeners *listeners)
{
	free(listeners->items);
	*listeners = (struct listeners){0};
}
