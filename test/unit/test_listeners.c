/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What the kernel says of this program's own sockets. */

#include "unit.h"

#include "socket/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct opened {
	int fd;
	uint16_t port;
	uint32_t inode;
};

static struct opened open_socket(int family, int type, const char *address, bool v6only)
{
	const int only = v6only;
	struct opened opened = {.fd = socket(family, type | SOCK_CLOEXEC, 0)};
	struct sockaddr_in ip = {.sin_family = AF_INET};
	struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
	struct sockaddr *name = family == AF_INET ? (struct sockaddr *)&ip : (struct sockaddr *)&ip6;
	socklen_t length = family == AF_INET ? sizeof(ip) : sizeof(ip6);
	struct stat status;

	if (opened.fd < 0 && errno == EAFNOSUPPORT)
		skip();
	assert_true(opened.fd >= 0);
	assert_int_equal(inet_pton(family, address, family == AF_INET ? (void *)&ip.sin_addr : &ip6.sin6_addr), 1);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(opened.fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)), 0);
	if (bind(opened.fd, name, length) < 0 && errno == EADDRNOTAVAIL)
		skip();
	if (type == SOCK_STREAM)
		assert_int_equal(listen(opened.fd, 1), 0);
	assert_int_equal(getsockname(opened.fd, name, &length), 0);
	assert_int_equal(fstat(opened.fd, &status), 0);
	opened.port = ntohs(family == AF_INET ? ip.sin_port : ip6.sin6_port);
	opened.inode = (uint32_t)status.st_ino;
	return opened;
}

/* Returns what is listed for a socket; port: what to ask for. */
static struct listener find(const struct opened *opened, uint16_t port)
{
	struct listeners listeners = {0};
	struct listener found = {0};

	assert_int_equal(listeners_find(port, &listeners), 0);
	for (size_t i = 0; i < listeners.count; i++) {
		if (listeners.items[i].inode == opened->inode)
			found = listeners.items[i];
		if (port != 0)
			assert_int_equal(listeners.items[i].port, port);
	}
	listeners_clear(&listeners);
	return found;
}

static void lists_tcp_and_udp(void **state)
{
	static const struct {
		int type;
		uint8_t protocol;
	} kinds[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct opened opened = open_socket(AF_INET, kinds[i].type, "127.0.0.1", false);
		const struct listener one = find(&opened, opened.port);
		const struct listener among_all = find(&opened, 0);

		assert_int_equal(one.protocol, kinds[i].protocol);
		assert_int_equal(one.family, AF_INET);
		assert_int_equal(one.port, opened.port);
		assert_int_equal(one.address.ip.s_addr, htonl(INADDR_LOOPBACK));
		assert_int_not_equal(one.cgroup_id, 0);
		assert_false(one.transparent);
		assert_memory_equal(&one, &among_all, sizeof(one));
		assert_int_equal(find(&opened, (uint16_t)(opened.port ^ 1)).inode, 0);
		close(opened.fd);
	}
}

static void tells_which_family_a_socket_takes(void **state)
{
	static const struct {
		int family;
		const char *address;
		bool v6only;
		bool takes[2]; /* IPv4, IPv6 */
		bool wildcard;
	} cases[] = {
		{AF_INET, "0.0.0.0", false, {true, false}, true},
		{AF_INET, "127.0.0.1", false, {true, false}, false},
		{AF_INET6, "::", false, {true, true}, true},
		{AF_INET6, "::", true, {false, true}, true},
		{AF_INET6, "::1", false, {false, true}, false},
		{AF_INET6, "::ffff:127.0.0.1", false, {true, false}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct opened opened =
			open_socket(cases[i].family, SOCK_STREAM, cases[i].address, cases[i].v6only);
		const struct listener listener = find(&opened, opened.port);

		assert_int_equal(listener.inode, opened.inode);
		/* bound to one address, each is IPv6 only (net/ipv6/af_inet6.c, __inet6_bind) */
		if (cases[i].wildcard)
			assert_int_equal(listener.v6only, cases[i].v6only);
		assert_int_equal(listener_takes_family(&listener, AF_INET), cases[i].takes[0]);
		assert_int_equal(listener_takes_family(&listener, AF_INET6), cases[i].takes[1]);
		assert_int_equal(listener_is_wildcard(&listener), cases[i].wildcard);
		close(opened.fd);
	}
}

static void knows_transparent_sockets(void **state)
{
	const struct opened opened = open_socket(AF_INET, SOCK_STREAM, "127.0.0.1", false);
	const int on = 1;

	(void)state;
	if (setsockopt(opened.fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on)) < 0)
		skip();
	assert_true(find(&opened, opened.port).transparent);
	close(opened.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_tcp_and_udp),
		cmocka_unit_test(tells_which_family_a_socket_takes),
		cmocka_unit_test(knows_transparent_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
