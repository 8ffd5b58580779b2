/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_PROXY_HANDSHAKE_H
#define CGTPROXY_PROXY_HANDSHAKE_H

#include "config/upstream.h"
#include "proxy/destination.h"
#include "proxy/http_connect.h"
#include "proxy/socks5.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is said to an upstream before it passes anything on: which bytes to send next, and what those mean that come
 * back. It has no socket. Bytes behind the last answer belong to the destination and are not taken.
 */

enum handshake_state {
	HANDSHAKE_SEND,	   /* handshake_output() has bytes to send */
	HANDSHAKE_RECEIVE, /* handshake_take() wants more */
	HANDSHAKE_READY,
	HANDSHAKE_FAILED,
};

/** Why it failed. */
enum handshake_failure {
	HANDSHAKE_NO_NAME,     /* this destination's name can't be sent */
	HANDSHAKE_GARBAGE,     /* the upstream speaks something else */
	HANDSHAKE_NO_METHOD,   /* it takes none of the methods offered */
	HANDSHAKE_NO_PASSWORD, /* it wants a user and a password, and there is none */
	HANDSHAKE_WRONG_PASSWORD,
	HANDSHAKE_REFUSED, /* it does not connect to the destination; the code says why */
};

struct handshake {
	const struct upstream *upstream;
	struct destination destination;
	enum socks5_command command;
	enum handshake_state state;
	enum handshake_failure failure;
	union {
		struct socks5_reader socks5;
		struct http_reader http;
	};
	uint16_t code; /* of a refusal: of SOCKS5 or HTTP */
	uint16_t sent; /* bytes of the message that is being sent */
};

enum {
	HANDSHAKE_MESSAGE_MAX = HTTP_CONNECT_MAX,
	HANDSHAKE_TEXT_SIZE = 512,
};

/** Begins. The upstream, and the destination's name, have to stay. One that is direct is ready at once. */
void handshake_begin(struct handshake *handshake, const struct upstream *upstream,
		     const struct destination *destination);

/** Begins one that asks a SOCKS5 server for UDP. @family: of the connection to it */
void handshake_begin_association(struct handshake *handshake, const struct upstream *upstream, int family);

/**
 * Writes the bytes to send in HANDSHAKE_SEND. They may have a password in them, so that they are not kept.
 *
 * @buffer: HANDSHAKE_MESSAGE_MAX bytes
 * @length: set to their number
 *
 * Returns where in the buffer they begin.
 */
const uint8_t *handshake_output(const struct handshake *handshake, uint8_t *buffer, size_t *length);

/** Notes that some of these were sent. @is_all: and no more are left */
void handshake_sent(struct handshake *handshake, size_t length, bool is_all);

/** Returns whether the destination has been named, so that what takes time is connecting to it. */
bool handshake_is_requested(const struct handshake *handshake);

/**
 * Takes bytes that the upstream sent, in HANDSHAKE_RECEIVE.
 *
 * Returns how many of them; less than all only if the state is another one then.
 */
size_t handshake_take(struct handshake *handshake, const uint8_t *data, size_t length);

/**
 * Says why it failed.
 *
 * @out: HANDSHAKE_TEXT_SIZE bytes
 *
 * Returns @out.
 */
const char *handshake_describe(const struct handshake *handshake, char *out);

#endif
