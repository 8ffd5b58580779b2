/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_DNS_SERVER_H
#define CGTPROXY_TEST_UNIT_DNS_SERVER_H

/* A connection to a DNS server that is a buffer, and those who ask. Included after unit.h. */

#include "relay/dns_tcp.h"
#include "util/clock.h"

#include "dns_messages.h"

#include <stdio.h>

static const uint64_t start = UINT64_C(86400) * USEC_PER_SEC;

/* The other side. */
static struct {
	unsigned opened;
	unsigned closed;
	int open_result;
	ssize_t room; /* bytes that the connection takes; negative: an errno */
	uint8_t bytes[1 << 23];
	size_t length;
	size_t read; /* of those */
} server;

/* What askers were told: "answer ID ASKER", "failure ID ASKER". */
static char told[4096];
static size_t told_count;
static bool asks_again; /* in place of what failed or was answered */
static struct dns_tcp *tcp;
static struct message query;
static char askers[4];

static inline int open_server(void *data)
{
	assert_ptr_equal(data, &server);
	server.opened++;
	return server.open_result;
}

static inline ssize_t send_to_server(void *data, const uint8_t *bytes, size_t length)
{
	assert_ptr_equal(data, &server);
	if (server.room < 0)
		return server.room;
	if (length > (size_t)server.room)
		length = (size_t)server.room;
	server.room -= (ssize_t)length;
	memcpy(server.bytes + server.length, bytes, length);
	server.length += length;
	return (ssize_t)length;
}

static inline void close_server(void *data)
{
	assert_ptr_equal(data, &server);
	server.closed++;
	server.length = 0;
	server.read = 0;
}

static inline void tell(const char *what, const void *asker, const uint8_t *message)
{
	const size_t used = strlen(told);

	snprintf(told + used, sizeof(told) - used, "%s%s %x %c", used > 0 ? ", " : "", what, number_at(message, 0),
		 asker != NULL ? *(const char *)asker : '-');
	told_count++;
	if (asks_again)
		assert_int_equal(dns_tcp_ask(tcp, query.bytes, query.length, &askers[3], start), 0);
}

static inline void note_answer(void *data, void *asker, const uint8_t *answer, size_t length)
{
	assert_ptr_equal(data, &server);
	assert_true(length >= 12);
	assert_true((answer[2] & 0x80) != 0);
	tell("answer", asker, answer);
}

static inline void note_failure(void *data, void *asker, const uint8_t *failed, size_t length)
{
	assert_ptr_equal(data, &server);
	assert_true(length >= 12);
	assert_true((failed[2] & 0x80) == 0);
	tell("failure", asker, failed);
}

static const struct dns_tcp_caller caller = {open_server, send_to_server, close_server, note_answer, note_failure};

static inline int set_up(void **state)
{
	(void)state;
	server.opened = server.closed = 0;
	server.open_result = 0;
	server.room = sizeof(server.bytes);
	server.length = server.read = 0;
	told[0] = '\0';
	told_count = 0;
	asks_again = false;
	memcpy(askers, "abcd", sizeof(askers));
	tcp = dns_tcp_new(&caller, &server);
	return tcp != NULL ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	dns_tcp_free(tcp);
	return 0;
}

static inline void assert_told(const char *expected)
{
	assert_string_equal(told, expected);
	told[0] = '\0';
}

static inline int ask_as(const char *name, unsigned id, char *asker, uint64_t now)
{
	put_query(&query, name, TYPE_MX);
	query.bytes[0] = (uint8_t)(id >> 8);
	query.bytes[1] = (uint8_t)id;
	return dns_tcp_ask(tcp, query.bytes, query.length, asker, now);
}

static inline void ask(const char *name, unsigned id, uint64_t now)
{
	assert_int_equal(ask_as(name, id, &askers[0], now), 0);
}

/* Takes the next query that was sent. */
static inline bool receive(struct message *message)
{
	size_t length = 0;

	if (server.length - server.read < 2)
		return false;
	length = number_at(server.bytes, server.read);
	if (server.length - server.read < 2 + length)
		return false;
	message->length = length;
	memcpy(message->bytes, server.bytes + server.read + 2, length);
	server.read += 2 + length;
	return true;
}

static inline void send_framed(const struct message *message, uint64_t now)
{
	static uint8_t frame[2 + 65535];

	frame[0] = (uint8_t)(message->length >> 8);
	frame[1] = (uint8_t)message->length;
	memcpy(frame + 2, message->bytes, message->length);
	dns_tcp_received(tcp, frame, 2 + message->length, now);
}

static inline void answer(struct message *message, uint64_t now)
{
	message->bytes[2] |= 0x80;
	send_framed(message, now);
}

static inline void assert_nothing_sent(void)
{
	assert_int_equal(server.read, server.length);
}

#endif
