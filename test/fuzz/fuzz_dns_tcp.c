/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Whatever happens to a connection to a DNS server, and whatever the server says. Each query is answered or given back
 * once, to the one who asked, with its id. What the server gets is queries, whole and in order.
 *
 * Input: steps, each a byte for its kind and one for its size, and what some of them need.
 */

#include "fuzz.h"

#include "relay/dns_message.h"
#include "relay/dns_tcp.h"

#include <string.h>
#include <sys/types.h>

enum {
	ASKERS = 64,
	SENT_MAX = 1 << 16,
	QUERY_LENGTH = 12 + 3 + 4, /* for a name of one letter */
	KINDS = 9,
};

static struct {
	struct dns_tcp *tcp;
	bool is_waiting[ASKERS];
	size_t waiting;
	bool is_connecting;
	bool is_connected;
	size_t room;
	uint8_t sent[SENT_MAX];
	size_t sent_length;
} run;

static int begin_connecting(void *data)
{
	CHECK(data == &run && !run.is_connecting && !run.is_connected);
	run.is_connecting = run.room % 7 != 6;
	return run.is_connecting ? 0 : -1;
}

static ssize_t take_bytes(void *data, const uint8_t *bytes, size_t length)
{
	const size_t most = length < run.room ? length : run.room;

	CHECK(data == &run && run.is_connected && length > 0);
	if (run.room % 11 == 10 || run.sent_length + most > SENT_MAX)
		return -1;
	memcpy(run.sent + run.sent_length, bytes, most);
	run.sent_length += most;
	run.room -= most;
	return (ssize_t)most;
}

static void end_connection(void *data)
{
	CHECK(data == &run);
	run.is_connecting = false;
	run.is_connected = false;
	run.sent_length = 0;
}

/* An asker's query has its number as its id. */
static void finish(const void *asker, const uint8_t *message)
{
	const size_t number = (size_t)((const bool *)asker - run.is_waiting);

	CHECK(number < ASKERS && run.is_waiting[number]);
	CHECK(message[0] == 0xaa && message[1] == number);
	run.is_waiting[number] = false;
	run.waiting--;
}

static void take_answer(void *data, void *asker, const uint8_t *answer, size_t length)
{
	CHECK(data == &run && length >= DNS_HEADER_SIZE && (answer[2] & 0x80) != 0);
	finish(asker, answer);
}

static void take_failure(void *data, void *asker, const uint8_t *query, size_t length)
{
	CHECK(data == &run && length == QUERY_LENGTH && (query[2] & 0x80) == 0);
	finish(asker, query);
}

static const struct dns_tcp_caller caller = {begin_connecting, take_bytes, end_connection, take_answer, take_failure};

static void ask(uint8_t number, uint64_t now)
{
	const uint8_t query[QUERY_LENGTH] = {0xaa, number, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (uint8_t)('a' + number),
					     0,	   0,	   1, 0, 1};

	if (run.is_waiting[number])
		return;
	run.is_waiting[number] = true; /* it may be told only later */
	if (dns_tcp_ask(run.tcp, query, sizeof(query), &run.is_waiting[number], now) == 0)
		run.waiting++;
	else
		run.is_waiting[number] = false;
}

static void forget(uint8_t number)
{
	dns_tcp_forget(run.tcp, &run.is_waiting[number]);
	run.waiting -= run.is_waiting[number];
	run.is_waiting[number] = false;
}

/* What was sent is queries, but for the last one, which may be on its way. Returns the number of those. */
static size_t count_sent(void)
{
	size_t count = 0;
	size_t at = 0;

	for (; at + 2 + QUERY_LENGTH <= run.sent_length; at += 2 + QUERY_LENGTH, count++) {
		CHECK(run.sent[at] == 0 && run.sent[at + 1] == QUERY_LENGTH);
		CHECK(run.sent[at + 6] == 0 && run.sent[at + 7] == 1 && run.sent[at + 2 + 12] == 1);
	}
	return count;
}

/* An answer to one of these queries, with other bytes in some places. */
static void answer(uint8_t which, const uint8_t *changes, size_t count, uint64_t now)
{
	const size_t sent = count_sent();
	uint8_t frame[2 + QUERY_LENGTH];

	if (sent == 0)
		return;
	memcpy(frame, run.sent + which % sent * sizeof(frame), sizeof(frame));
	frame[4] |= 0x80;
	for (size_t i = 0; i + 1 < count; i += 2)
		frame[changes[i] % sizeof(frame)] ^= changes[i + 1];
	dns_tcp_received(run.tcp, frame, sizeof(frame), now);
}

/* One step; @data: of @size bytes, which belong to it. */
static void step(uint8_t kind, const uint8_t *data, size_t size, uint64_t now)
{
	switch (kind % KINDS) {
	case 0:
	case 1:
		ask((uint8_t)size % ASKERS, now);
		break;
	case 2:
		run.room = size * 5;
		if (run.is_connecting) {
			run.is_connecting = false;
			run.is_connected = true;
			dns_tcp_opened(run.tcp, now);
		} else if (run.is_connected) {
			dns_tcp_writable(run.tcp, now);
		}
		break;
	case 3:
	case 4:
		if (run.is_connected)
			answer(kind, data, size, now);
		break;
	case 5:
		if (run.is_connected)
			dns_tcp_received(run.tcp, data, size, now);
		break;
	case 6:
		if (run.is_connecting || run.is_connected)
			dns_tcp_closed(run.tcp, now);
		break;
	case 7:
		forget((uint8_t)size % ASKERS);
		break;
	default:
		if (now >= dns_tcp_next(run.tcp))
			dns_tcp_run(run.tcp, now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t now = 1000000;

	memset(&run, 0, sizeof(run));
	run.tcp = dns_tcp_new(&caller, &run);
	CHECK(run.tcp != NULL);
	while (size >= 2) {
		const uint8_t kind = data[0];
		size_t length = data[1];

		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		step(kind, data, length, now);
		if (kind % KINDS >= 3 && kind % KINDS <= 5) {
			data += length;
			size -= length;
		}
		if (kind % KINDS == 8)
			now += length * 100000;
		count_sent();
		CHECK(dns_tcp_count(run.tcp) == run.waiting);
	}
	/* at the end, nobody waits any more: each time that is due is the end of something */
	for (unsigned i = 0; i < 4 * ASKERS && dns_tcp_next(run.tcp) != UINT64_MAX; i++) {
		now = dns_tcp_next(run.tcp) > now ? dns_tcp_next(run.tcp) : now;
		dns_tcp_run(run.tcp, now);
	}
	CHECK(run.waiting == 0);
	dns_tcp_free(run.tcp);
	return 0;
}
