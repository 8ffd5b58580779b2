/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a relay is loaded with: clients that ask or stream, and a server that is the upstream and the destination in
 * one, so that nothing else takes part.
 */

#include "relay_sockets.h"

#include "driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, SERVERS = 4, BACKLOG = 4096 };

/* What a client wants: a byte back, a stream, or to send one. */
struct order {
	char kind; /* 'a', 'd' or 'u' */
	uint64_t bytes;
} __attribute__((packed));

struct sockaddr_in relay_loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static void send_at_once(int fd)
{
	static const int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		give_up("can't set TCP_NODELAY");
}

int relay_listen(uint16_t port, bool is_transparent)
{
	static const int on = 1;
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (is_transparent && setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) < 0) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
		give_up("can't listen on port %u", port);
	send_at_once(fd);
	return fd;
}

int relay_connect(const struct sockaddr_in *address)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno != EINPROGRESS))
		give_up("can't connect");
	send_at_once(fd);
	return fd;
}

void relay_reset(int fd)
{
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		give_up("can't have a connection reset");
	close(fd);
}

static void read_all(int fd, void *out, size_t length)
{
	for (size_t done = 0; done < length;) {
		const ssize_t part = read(fd, (char *)out + done, length - done);

		if (part <= 0)
			give_up("a connection ended early");
		done += (size_t)part;
	}
}

static void write_all(int fd, const void *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		const ssize_t part = write(fd, (const char *)data + done, length - done);

		if (part <= 0)
			give_up("a connection can't be written to");
		done += (size_t)part;
	}
}

static void take(int fd, uint64_t bytes)
{
	static char chunk[CHUNK];

	while (bytes > 0) {
		const ssize_t part = read(fd, chunk, bytes < CHUNK ? bytes : CHUNK);

		if (part <= 0)
			give_up("a stream ended early");
		bytes -= (uint64_t)part;
	}
}

static void give(int fd, uint64_t bytes)
{
	static const char chunk[CHUNK];

	for (; bytes > 0; bytes -= bytes < CHUNK ? bytes : CHUNK)
		write_all(fd, chunk, bytes < CHUNK ? bytes : CHUNK);
}

/* Such as ours: no password, and an IPv4 address. */
static void be_socks5(int fd)
{
	uint8_t bytes[10];

	read_all(fd, bytes, 3);
	write_all(fd, "\5", 2);
	read_all(fd, bytes, sizeof(bytes));
	write_all(fd, "\5\0\0\1\0\0\0\0\0", sizeof(bytes));
}

static void serve(int listener, bool is_socks5)
{
	for (;;) {
		const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		struct order order;

		if (fd < 0)
			give_up("can't accept a connection");
		if (is_socks5)
			be_socks5(fd);
		read_all(fd, &order, sizeof(order));
		if (order.kind == 'u')
			take(fd, order.bytes);
		if (order.kind == 'd')
			give(fd, order.bytes);
		else
			write_all(fd, "a", 1);
		/* the client ends first, and has no TIME_WAIT */
		(void)!read(fd, &order, 1);
		close(fd);
	}
}

int cmd_relay_serve(int count, char **arguments)
{
	const int listener = relay_listen((uint16_t)number(arguments[0]), false);

	for (int i = 1; i < SERVERS; i++) {
		if (fork() == 0)
			break;
	}
	serve(listener, count > 1 && strcmp(arguments[1], "socks5") == 0);
	return 0;
}

/* Connects, has an order executed, and resets the connection. */
static void ask(const struct sockaddr_in *address, struct order order)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer = 0;

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		give_up("can't connect");
	send_at_once(fd);
	write_all(fd, &order, sizeof(order));
	if (order.kind == 'u')
		give(fd, order.bytes);
	if (order.kind == 'd')
		take(fd, order.bytes);
	else
		read_all(fd, &answer, 1);
	relay_reset(fd);
}

static struct sockaddr_in read_address(char **arguments)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(arguments[1]))};

	if (inet_pton(AF_INET, arguments[0], &address.sin_addr) != 1)
		give_up("%s is no IPv4 address", arguments[0]);
	return address;
}

/* One after another, of one client: the time of each. */
int cmd_relay_ask(int count, char **arguments)
{
	const struct sockaddr_in address = read_address(arguments);

	(void)count;
	for (uint64_t i = number(arguments[2]); i > 0; i--) {
		const uint64_t begin = clock_ns(CLOCK_MONOTONIC);

		ask(&address, (struct order){.kind = 'a'});
		printf("%" PRIu64 "\n", clock_ns(CLOCK_MONOTONIC) - begin);
		rest(500);
	}
	return 0;
}

/* As many as there can be, of several clients: the time for all. */
int cmd_relay_crowd(int count, char **arguments)
{
	const struct sockaddr_in address = read_address(arguments);
	const uint64_t clients = number(arguments[3]);
	const uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	int status = 0;

	(void)count;
	for (uint64_t i = 0; i < clients; i++) {
		if (fork() == 0) {
			for (uint64_t left = number(arguments[2]) / clients; left > 0; left--)
				ask(&address, (struct order){.kind = 'a'});
			_exit(0);
		}
	}
	while (wait(&status) > 0) {
		if (status != 0)
			give_up("a client failed");
	}
	printf("%" PRIu64 "\n", clock_ns(CLOCK_MONOTONIC) - begin);
	return 0;
}

int cmd_relay_stream(int count, char **arguments)
{
	const struct sockaddr_in address = read_address(arguments);
	const struct order order = {.kind = arguments[3][0], .bytes = number(arguments[2])};
	const uint64_t begin = clock_ns(CLOCK_MONOTONIC);

	(void)count;
	ask(&address, order);
	printf("%" PRIu64 "\n", clock_ns(CLOCK_MONOTONIC) - begin);
	return 0;
}
