/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_DNS_MESSAGES_H
#define CGTPROXY_TEST_UNIT_DNS_MESSAGES_H

/* DNS messages byte by byte, right or wrong. Included after unit.h. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_OPT = 41,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_ANY = 255,
	CLASS_IN = 1,
	CLASS_CH = 3,
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_AD = 0x0020,
	FLAG_CD = 0x0010,
};

struct message {
	uint8_t bytes[70000];
	size_t length;
};

static inline void put_byte(struct message *message, unsigned value)
{
	assert_true(message->length < sizeof(message->bytes));
	message->bytes[message->length++] = (uint8_t)value;
}

static inline void put_number(struct message *message, unsigned value)
{
	put_byte(message, value >> 8);
	put_byte(message, value & 0xff);
}

static inline void put_header(struct message *message, unsigned id, unsigned flags, const unsigned counts[4])
{
	message->length = 0;
	put_number(message, id);
	put_number(message, flags);
	for (size_t i = 0; i < 4; i++)
		put_number(message, counts[i]);
}

/* As zone files have it: \DDD, and \ before a character that is no separator. "" is the root. */
static inline void put_name(struct message *message, const char *text)
{
	size_t length_at = message->length;

	put_byte(message, 0);
	while (*text != '\0') {
		unsigned value = (unsigned char)*text++;

		if (value == '.') {
			length_at = message->length;
			put_byte(message, 0);
			continue;
		}
		if (value == '\\' && *text >= '0' && *text <= '9') {
			const char digits[] = {text[0], text[1], text[2], '\0'};

			value = (unsigned)strtoul(digits, NULL, 10);
			text += 3;
		} else if (value == '\\') {
			value = (unsigned char)*text++;
		}
		put_byte(message, value);
		message->bytes[length_at]++;
	}
	if (message->bytes[length_at] != 0)
		put_byte(message, 0);
}

static inline void put_question(struct message *message, const char *name, unsigned type, unsigned class)
{
	put_name(message, name);
	put_number(message, type);
	put_number(message, class);
}

/* @flags: 0x8000 is DO */
static inline void put_opt(struct message *message, unsigned size, unsigned version, unsigned flags)
{
	put_name(message, "");
	put_number(message, TYPE_OPT);
	put_number(message, size);
	put_number(message, version); /* and the extended code */
	put_number(message, flags);
	put_number(message, 0);
}

/* A query as most clients send it. */
static inline void put_query(struct message *message, const char *name, unsigned type)
{
	put_header(message, 0x1234, FLAG_RD, (const unsigned[]){1, 0, 0, 0});
	put_question(message, name, type, CLASS_IN);
}

static inline void put_query_edns(struct message *message, const char *name, unsigned type, unsigned size)
{
	put_header(message, 0x1234, FLAG_RD, (const unsigned[]){1, 0, 0, 1});
	put_question(message, name, type, CLASS_IN);
	put_opt(message, size, 0, 0);
}

static inline unsigned number_at(const uint8_t *bytes, size_t at)
{
	return (unsigned)bytes[at] << 8 | bytes[at + 1];
}

#endif
