/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_SOCKS5_H
#define CGTPROXY_RELAY_SOCKS5_H

#include "relay/destination.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SOCKS5 (RFC 1928) with a user and a password (RFC 1929), as bytes: what a client sends, and what it is answered. */

enum {
	SOCKS5_MESSAGE_MAX = 3 + 255 + 255, /* bytes of what a client sends: a user and a password */
	SOCKS5_NO_METHOD = 0xff,
};

enum socks5_method {
	SOCKS5_METHOD_NONE = 0,
	SOCKS5_METHOD_PASSWORD = 2,
};

/** Which answer is read. */
enum socks5_answer {
	SOCKS5_ANSWER_METHOD,
	SOCKS5_ANSWER_PASSWORD,
	SOCKS5_ANSWER_REQUEST,
};

/** What is known of an answer after one more byte of it. */
enum socks5_progress {
	SOCKS5_MORE,	/* it has more bytes */
	SOCKS5_WHOLE,	/* this was the last one */
	SOCKS5_REFUSED, /* it says no; the code says why */
	SOCKS5_GARBAGE, /* this is not SOCKS5 */
};

/** An answer of which some bytes have been read. */
struct socks5_reader {
	enum socks5_answer answer;
	uint16_t read;	 /* bytes */
	uint16_t length; /* in all, once it is known */
	uint8_t code;	 /* the method chosen, or the status */
};

/** Writes the methods that a client offers. Returns the number of bytes, SOCKS5_MESSAGE_MAX at most, as all do. */
size_t socks5_write_methods(bool with_password, uint8_t *out);

/** Writes a user and a password of up to 255 bytes each. */
size_t socks5_write_password(const char *user, const char *password, uint8_t *out);

/** Writes the request to connect to a destination; nothing if its name is too long. */
size_t socks5_write_request(const struct destination *destination, uint8_t *out);

/** Writes the request for a port that passes on datagrams. @family: of an address without meaning, but it has to be one
 */
size_t socks5_write_association(int family, uint8_t *out);

/** Begins to read an answer. */
void socks5_expect(struct socks5_reader *reader, enum socks5_answer answer);

/** Reads one byte of an answer that is not whole yet. */
enum socks5_progress socks5_read(struct socks5_reader *reader, uint8_t byte);

/** Says what the code of a refused request means. */
const char *socks5_describe(uint8_t code);

#endif
