/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The minimal relay: epoll, splice(), and a pipe only while data waits in it. It trusts everyone, waits for everything,
 * ends at the first failure of the kernel, and logs nothing. With an upstream it says what SOCKS5 requires and reads
 * answers by their usual length.
 */

#include "driver.h"
#include "relay_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 128, PIPE_SIZE = 65536, POOL = 32 };

/* How far the upstream is: what was sent, by the length of the answer that is missing. */
enum { METHOD_ANSWER = 2, REQUEST_ANSWER = 10, OPEN = 0 };

struct flow {
	int pipe[2];
	size_t held;
	bool ended;
	bool shut;
};

struct side {
	struct pair *pair; /* NULL: the listener */
	int fd;
};

struct pair {
	struct side client;
	struct side server;
	struct flow up;
	struct flow down;
	int missing;
	struct sockaddr_in destination;
	bool over;
};

static struct {
	int epoll;
	int pool[POOL][2];
	size_t pooled;
	struct pair *over[2 * EVENTS];
	size_t over_count;
	struct sockaddr_in upstream; /* port 0: none */
} state;

static void watch(struct side *side, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = {.ptr = side}};

	if (epoll_ctl(state.epoll, EPOLL_CTL_ADD, side->fd, &event) < 0)
		give_up("can't wait for a socket");
}

static void take_pipe(struct flow *flow)
{
	if (state.pooled > 0)
		memcpy(flow->pipe, state.pool[--state.pooled], sizeof(flow->pipe));
	else if (pipe2(flow->pipe, O_NONBLOCK | O_CLOEXEC) < 0)
		give_up("can't make a pipe");
}

static void give_pipe(struct flow *flow)
{
	if (flow->held == 0 && state.pooled < POOL) {
		memcpy(state.pool[state.pooled++], flow->pipe, sizeof(flow->pipe));
	} else {
		close(flow->pipe[0]);
		close(flow->pipe[1]);
	}
	flow->pipe[0] = -1;
}

static void end_pair(struct pair *pair)
{
	if (pair->over)
		return;
	pair->over = true;
	if (pair->up.pipe[0] >= 0)
		give_pipe(&pair->up);
	if (pair->down.pipe[0] >= 0)
		give_pipe(&pair->down);
	relay_reset(pair->client.fd);
	relay_reset(pair->server.fd);
	state.over[state.over_count++] = pair;
}

/* Returns whether both sockets still work. */
static bool move(struct flow *flow, int from, int to)
{
	ssize_t length = 1;

	if (flow->pipe[0] < 0)
		take_pipe(flow);
	while (length > 0 || flow->held > 0) {
		if (flow->held == 0) {
			length = splice(from, NULL, flow->pipe[1], NULL, PIPE_SIZE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
			flow->ended = length == 0;
			flow->held = length > 0 ? (size_t)length : 0;
		} else {
			length = splice(flow->pipe[0], NULL, to, NULL, flow->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
			flow->held -= length > 0 ? (size_t)length : 0;
		}
		if (length < 0 && errno != EAGAIN)
			return false;
		if (length < 0)
			break;
	}
	if (flow->held == 0)
		give_pipe(flow);
	if (flow->ended && !flow->shut) {
		flow->shut = true;
		shutdown(to, SHUT_WR);
	}
	return true;
}

/* Returns whether the upstream is ready. */
static bool shake_hands(struct pair *pair, uint32_t events)
{
	static const uint8_t methods[] = {5, 1, 0};
	uint8_t bytes[REQUEST_ANSWER] = {5, 1, 0, 1};

	if (pair->missing == OPEN)
		return true;
	if (pair->missing < 0 && (events & EPOLLOUT) != 0) {
		pair->missing = state.upstream.sin_port == 0 ? OPEN : METHOD_ANSWER;
		if (pair->missing != OPEN && write(pair->server.fd, methods, sizeof(methods)) < 0)
			give_up("can't write to the upstream");
	} else if (pair->missing > 0 && read(pair->server.fd, bytes, (size_t)pair->missing) == pair->missing) {
		if (pair->missing == METHOD_ANSWER) {
			memcpy(bytes, (const uint8_t[]){5, 1, 0, 1}, 4);
			memcpy(bytes + 4, &pair->destination.sin_addr, 4);
			memcpy(bytes + 8, &pair->destination.sin_port, 2);
			if (write(pair->server.fd, bytes, sizeof(bytes)) < 0)
				give_up("can't write to the upstream");
		}
		pair->missing = pair->missing == METHOD_ANSWER ? REQUEST_ANSWER : OPEN;
	}
	return pair->missing == OPEN;
}

static void accept_one(int listener)
{
	const uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	socklen_t length = sizeof(struct sockaddr_in);
	const int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct pair *pair = client >= 0 ? calloc(1, sizeof(*pair)) : NULL;

	if (pair == NULL || getsockname(client, (struct sockaddr *)&pair->destination, &length) < 0)
		give_up("can't accept a connection");
	pair->client = (struct side){pair, client};
	pair->server =
		(struct side){pair, relay_connect(state.upstream.sin_port != 0 ? &state.upstream : &pair->destination)};
	pair->up.pipe[0] = pair->down.pipe[0] = -1;
	pair->missing = -1;
	watch(&pair->client, events);
	watch(&pair->server, events);
}

static void handle(const struct side *side, uint32_t events)
{
	struct pair *pair = side->pair;

	if (pair == NULL) {
		accept_one(side->fd);
		return;
	}
	if (pair->over || (side == &pair->client && pair->missing != OPEN) || !shake_hands(pair, events))
		return;
	if (!move(&pair->up, pair->client.fd, pair->server.fd) ||
	    !move(&pair->down, pair->server.fd, pair->client.fd) || (pair->up.shut && pair->down.shut))
		end_pair(pair);
}

int cmd_relay_floor(int count, char **arguments)
{
	struct side listener = {NULL, relay_listen((uint16_t)number(arguments[0]), true)};
	struct epoll_event events[EVENTS];

	signal(SIGPIPE, SIG_IGN);
	state.upstream = relay_loopback(count > 1 ? (uint16_t)number(arguments[1]) : 0);
	state.epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(&listener, EPOLLIN);
	for (;;) {
		const int ready = epoll_wait(state.epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++)
			handle(events[i].data.ptr, events[i].events);
		while (state.over_count > 0)
			free(state.over[--state.over_count]);
	}
}
