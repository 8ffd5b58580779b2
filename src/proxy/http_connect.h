/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_PROXY_HTTP_CONNECT_H
#define CGTPROXY_PROXY_HTTP_CONNECT_H

#include "proxy/destination.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HTTP's CONNECT (RFC 9110, 9112) with Basic authentication (RFC 7617), as bytes. */

enum {
	HTTP_CONNECT_MAX = 1536,       /* bytes of a request */
	HTTP_CONNECT_HEAD_MAX = 16384, /* of an answer, and of those with 1xx before it */
};

/** What is known of an answer after one more byte of it. */
enum http_progress {
	HTTP_MORE,    /* it has more bytes */
	HTTP_TUNNEL,  /* 2xx, and this was the last byte; what follows is the destination's */
	HTTP_REFUSED, /* the status says why */
	HTTP_GARBAGE, /* this is not HTTP/1.x, or too long */
};

/** An answer of which some bytes have been read. */
struct http_reader {
	uint16_t read;	 /* bytes in all */
	uint16_t line;	 /* bytes of this line */
	uint16_t status; /* 100 to 599, once it is known */
	uint8_t state;
};

/**
 * Writes the request.
 *
 * @user: or NULL; up to 255 bytes, like the password, which may be NULL, too
 * @out:  HTTP_CONNECT_MAX bytes
 *
 * Returns the number of bytes, or 0 if the destination has a name that is not a host's.
 */
size_t http_connect_write(const struct destination *destination, const char *user, const char *password, uint8_t *out);

/** Reads one byte of an answer; a reader that is all zero begins. */
enum http_progress http_connect_read(struct http_reader *reader, uint8_t byte);

#endif
