/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/upstream_talk.h"

#include "proxy/handshake.h"
#include "util/cleanup.h"
#include "util/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum {
	USEC_PER_MS = 1000,
	HTTPS_PORT = 443,
	/* of web servers that know no CONNECT */
	NOT_FOUND = 404,
	METHOD_NOT_ALLOWED = 405,
	NOT_IMPLEMENTED = 501,
};

/* Returns whether it is so before the time is over. */
static bool await(int fd, short events, uint64_t until)
{
	struct pollfd waiting = {.fd = fd, .events = events};

	for (uint64_t now = clock_now(); now < until; now = clock_now()) {
		if (poll(&waiting, 1, (int)((until - now) / USEC_PER_MS) + 1) > 0)
			return true;
	}
	return false;
}

/* Returns 0 or a negative errno. A Unix socket whose queue is full says EAGAIN at once. */
static int connect_within(int fd, const struct upstream_address *address, uint64_t until)
{
	socklen_t size = sizeof(int);
	int code = 0;

	if (connect(fd, &address->any, address->length) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (!await(fd, POLLOUT, until))
		return -ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? -errno : -code;
}

static pid_t find_listener(int fd)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

static bool send_message(int fd, struct handshake *handshake)
{
	uint8_t buffer[HANDSHAKE_MESSAGE_MAX];
	size_t length = 0;
	const uint8_t *message = handshake_output(handshake, buffer, &length);
	const ssize_t sent = send(fd, message, length, MSG_NOSIGNAL);

	explicit_bzero(buffer, sizeof(buffer));
	if (sent == (ssize_t)length) /* it always fits into an empty send buffer */
		handshake_sent(handshake, length, true);
	return sent == (ssize_t)length;
}

/* It has ended the connection, or says nothing. */
static void judge_end(const struct handshake *handshake, bool is_ended, struct upstream_talk *talk)
{
	const bool is_socks5 = handshake->upstream->kind == UPSTREAM_SOCKS5;

	if (is_socks5 && handshake_is_requested(handshake)) {
		talk->answer = UPSTREAM_ANSWERS;
		talk->udp = is_ended ? UPSTREAM_UDP_ENDED : UPSTREAM_UDP_UNKNOWN;
	} else if (is_socks5 && is_ended && handshake->socks5.answer == SOCKS5_ANSWER_PASSWORD) {
		talk->answer = UPSTREAM_WRONG_PASSWORD;
	} else {
		talk->answer = is_ended ? UPSTREAM_ENDED : UPSTREAM_SILENT;
	}
}

static void judge_refusal(const struct handshake *handshake, struct upstream_talk *talk)
{
	talk->code = handshake->code;
	talk->answer = UPSTREAM_ANSWERS;
	if (handshake->upstream->kind == UPSTREAM_SOCKS5)
		talk->udp = UPSTREAM_UDP_NO;
	else if (talk->code == NOT_FOUND || talk->code == METHOD_NOT_ALLOWED || talk->code == NOT_IMPLEMENTED)
		talk->answer = UPSTREAM_NO_PROXY;
}

static void judge_failure(const struct handshake *handshake, struct upstream_talk *talk)
{
	switch (handshake->failure) {
	case HANDSHAKE_NO_NAME:
	case HANDSHAKE_GARBAGE:
		talk->answer = UPSTREAM_GARBAGE;
		break;
	case HANDSHAKE_NO_METHOD:
		talk->answer = UPSTREAM_NO_METHOD;
		break;
	case HANDSHAKE_NO_PASSWORD:
		talk->answer = UPSTREAM_WANTS_PASSWORD;
		break;
	case HANDSHAKE_WRONG_PASSWORD:
		talk->answer = UPSTREAM_WRONG_PASSWORD;
		break;
	case HANDSHAKE_REFUSED:
		judge_refusal(handshake, talk);
		break;
	}
}

/* Returns whether there was something to read. */
static bool receive(int fd, struct handshake *handshake, uint64_t until, struct upstream_talk *talk)
{
	uint8_t buffer[512];
	ssize_t length = 0;

	if (!await(fd, POLLIN, until)) {
		judge_end(handshake, false, talk);
		return false;
	}
	length = recv(fd, buffer, sizeof(buffer), 0);
	if (length <= 0) {
		judge_end(handshake, true, talk);
		return false;
	}
	for (size_t at = 0; at < (size_t)length && handshake->state == HANDSHAKE_RECEIVE;)
		at += handshake_take(handshake, buffer + at, (size_t)length - at);
	return true;
}

static void converse(int fd, struct handshake *handshake, uint64_t until, struct upstream_talk *talk)
{
	while (handshake->state == HANDSHAKE_SEND || handshake->state == HANDSHAKE_RECEIVE) {
		if (handshake->upstream->kind == UPSTREAM_SOCKS5 && handshake->socks5.answer == SOCKS5_ANSWER_PASSWORD)
			talk->with_password = true;
		if (handshake->state == HANDSHAKE_SEND && !send_message(fd, handshake)) {
			judge_end(handshake, true, talk);
			return;
		}
		if (handshake->state == HANDSHAKE_RECEIVE && !receive(fd, handshake, until, talk))
			return;
	}
	if (handshake->state == HANDSHAKE_FAILED) {
		judge_failure(handshake, talk);
		return;
	}
	talk->answer = UPSTREAM_ANSWERS;
	talk->udp = handshake->upstream->kind == UPSTREAM_SOCKS5 ? UPSTREAM_UDP_YES : UPSTREAM_UDP_UNKNOWN;
}

void upstream_talk(const struct upstream *upstream, const struct upstream_address *address, uint64_t until,
		   struct upstream_talk *talk)
{
	const struct destination nowhere = {.endpoint = {.family = AF_INET, .port = HTTPS_PORT}};
	CLEANUP(closep) int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct handshake handshake;
	int result = fd >= 0 ? connect_within(fd, address, until) : -errno;

	*talk = (struct upstream_talk){0};
	if (result < 0) {
		talk->answer = UPSTREAM_NOT_REACHED;
		talk->code = -result;
		return;
	}
	if (address->any.sa_family == AF_UNIX)
		talk->pid = find_listener(fd);
	if (upstream->kind == UPSTREAM_SOCKS5)
		handshake_begin_association(&handshake, upstream, address->any.sa_family);
	else
		handshake_begin(&handshake, upstream, &nowhere);
	converse(fd, &handshake, until, talk);
}
