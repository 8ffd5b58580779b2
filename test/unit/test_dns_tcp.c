/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Asking a DNS server over TCP. The server is the test. */

#include "random.h"
#include "relay/dns_message.h"
#include "unit.h"

#include "dns_server.h"

#include <errno.h>

static void test_one_query(void **state)
{
	(void)state;
	struct message received = {0};
	struct message original = {0};

	assert_int_equal(dns_tcp_next(tcp), UINT64_MAX);
	ask("example.org", 0xabcd, start);
	original = query;
	assert_int_equal(server.opened, 1);
	assert_nothing_sent();
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	assert_int_equal(received.length, original.length);
	assert_memory_equal(received.bytes + 2, original.bytes + 2, received.length - 2);
	assert_false(receive(&received));
	assert_int_equal(dns_tcp_count(tcp), 1);
	assert_told("");
	answer(&received, start);
	assert_told("answer abcd a");
	assert_int_equal(dns_tcp_count(tcp), 0);
}

/* Queries of different clients may have the same id, and are answered in any order. */
static void test_pipelining(void **state)
{
	(void)state;
	struct message received[3] = {0};

	ask("a.org", 7, start);
	dns_tcp_opened(tcp, start);
	assert_int_equal(ask_as("b.org", 7, &askers[1], start), 0);
	assert_int_equal(ask_as("c.org", 7, NULL, start), 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(receive(&received[i]));
	assert_memory_not_equal(received[0].bytes, received[1].bytes, 2);
	assert_memory_not_equal(received[1].bytes, received[2].bytes, 2);
	answer(&received[2], start);
	answer(&received[0], start);
	answer(&received[1], start);
	assert_told("answer 7 -, answer 7 a, answer 7 b");
	assert_int_equal(server.opened, 1);
}

/* Each byte by itself, and all at once. */
static void test_pieces(void **state)
{
	(void)state;
	static struct message large;
	uint8_t bytes[200];
	size_t length = 0;

	for (unsigned i = 0; i < 3; i++)
		ask("a.org", i, start);
	dns_tcp_opened(tcp, start);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(receive(&large));
		large.bytes[2] |= 0x80;
		bytes[length++] = 0;
		bytes[length++] = (uint8_t)large.length;
		memcpy(bytes + length, large.bytes, large.length);
		length += large.length;
	}
	for (size_t i = 0; i < length; i++) {
		assert_int_equal(told_count, i / (length / 3));
		dns_tcp_received(tcp, bytes + i, 1, start);
	}
	assert_told("answer 0 a, answer 1 a, answer 2 a");
	ask("a.org", 9, start);
	assert_true(receive(&large));
	large.length = 65535;
	answer(&large, start);
	assert_told("answer 9 a");
}

static void test_slow_connection(void **state)
{
	(void)state;
	struct message received = {0};

	server.room = 0;
	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	ask("b.org", 2, start);
	for (size_t i = 0; i < 100; i++) {
		server.room = 1;
		dns_tcp_writable(tcp, start);
	}
	assert_true(receive(&received));
	answer(&received, start);
	assert_true(receive(&received));
	answer(&received, start);
	assert_told("answer 1 a, answer 2 a");
	assert_nothing_sent();
}

static void test_connecting_fails(void **state)
{
	(void)state;
	struct message received = {0};

	ask("a.org", 1, start);
	ask("b.org", 2, start);
	assert_int_equal(server.opened, 1);
	dns_tcp_closed(tcp, start);
	assert_told("failure 1 a, failure 2 a");
	assert_int_equal(ask_as("a.org", 1, NULL, start + DNS_TCP_RETRY - 1), -ECONNREFUSED);
	assert_int_equal(server.opened, 1);
	ask("a.org", 3, start + DNS_TCP_RETRY);
	assert_int_equal(server.opened, 2);
	dns_tcp_opened(tcp, start + DNS_TCP_RETRY);
	assert_true(receive(&received));
	/* at once, which is not told within the call */
	dns_tcp_closed(tcp, start + DNS_TCP_RETRY);
	server.open_result = -ENETUNREACH;
	dns_tcp_closed(tcp, start + DNS_TCP_RETRY);
	assert_told("failure 3 a");
	ask("a.org", 4, start + 3 * DNS_TCP_RETRY);
	assert_told("");
	assert_int_equal(dns_tcp_next(tcp), 0);
	dns_tcp_run(tcp, start + 3 * DNS_TCP_RETRY);
	assert_told("failure 4 a");
	assert_int_equal(dns_tcp_next(tcp), UINT64_MAX);
}

static void test_the_server_closes(void **state)
{
	(void)state;
	struct message received = {0};

	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	answer(&received, start);
	assert_told("answer 1 a");
	dns_tcp_closed(tcp, start);
	assert_int_equal(server.opened, 1);
	assert_int_equal(server.closed, 1);
	/* another one for the next query */
	ask("b.org", 2, start);
	assert_int_equal(server.opened, 2);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	dns_tcp_received(tcp, (const uint8_t *)"\0\x20x", 3, start); /* a part of an answer */
	/* what was not answered is asked again, once */
	dns_tcp_closed(tcp, start);
	assert_int_equal(server.opened, 3);
	assert_told("");
	ask("c.org", 3, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	answer(&received, start);
	assert_told("answer 2 a");
	ask("d.org", 4, start);
	dns_tcp_closed(tcp, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	assert_true(receive(&received));
	dns_tcp_closed(tcp, start);
	assert_told("failure 3 a, failure 4 a");
	assert_int_equal(server.opened, 4);
	assert_int_equal(dns_tcp_count(tcp), 0);
}

static void test_sending_fails(void **state)
{
	(void)state;
	struct message received = {0};

	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	server.room = -EPIPE;
	ask("b.org", 2, start);
	assert_told("");
	assert_int_equal(dns_tcp_next(tcp), 0);
	server.room = 1000;
	dns_tcp_run(tcp, start);
	assert_int_equal(server.opened, 2);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	answer(&received, start);
	assert_true(receive(&received));
	answer(&received, start);
	assert_told("answer 1 a, answer 2 a");
}

static void test_time_runs_out(void **state)
{
	(void)state;
	struct message received = {0};
	struct message late = {0};

	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&late));
	ask("b.org", 2, start + 2 * USEC_PER_SEC);
	assert_true(receive(&received));
	answer(&received, start + 3 * USEC_PER_SEC);
	ask("c.org", 3, start + 6 * USEC_PER_SEC);
	assert_true(receive(&received));
	answer(&received, start + 7 * USEC_PER_SEC);
	assert_told("answer 2 a, answer 3 a");
	assert_true(dns_tcp_next(tcp) <= start + DNS_TCP_TIME);
	/* the server says something now and then, so that the connection stays */
	dns_tcp_run(tcp, start + DNS_TCP_TIME - 1);
	assert_told("");
	dns_tcp_run(tcp, start + DNS_TCP_TIME);
	assert_told("failure 1 a");
	assert_int_equal(server.closed, 0);
	/* too late, also when its place is taken again, as it is after all others */
	answer(&late, start + DNS_TCP_TIME);
	for (unsigned i = 0; i < DNS_TCP_QUERIES_MAX; i++) {
		ask("a.org", i, start + DNS_TCP_TIME);
		assert_true(receive(&received));
		assert_memory_not_equal(received.bytes, late.bytes, 2);
	}
	answer(&late, start + DNS_TCP_TIME);
	assert_told("");
	assert_int_equal(server.closed, 0);
}

/* What has no time left is not asked on the next connection, and one that is just there is not given up for it. */
static void test_time_runs_out_soon_after_connecting(void **state)
{
	(void)state;
	ask("a.org", 1, start);
	ask("b.org", 2, start + USEC_PER_SEC);
	dns_tcp_opened(tcp, start + DNS_TCP_TIME - 1);
	dns_tcp_run(tcp, start + DNS_TCP_TIME);
	assert_told("failure 1 a");
	assert_int_equal(server.closed, 0);
	dns_tcp_closed(tcp, start + DNS_TCP_TIME);
	dns_tcp_opened(tcp, start + DNS_TCP_TIME);
	dns_tcp_run(tcp, start + DNS_TCP_TIME + USEC_PER_SEC);
	assert_told("failure 2 a");
	assert_int_equal(server.closed, 1);
	ask("c.org", 3, start + 2 * DNS_TCP_TIME);
	ask("d.org", 4, start + 2 * DNS_TCP_TIME + USEC_PER_SEC);
	dns_tcp_run(tcp, start + 3 * DNS_TCP_TIME);
	assert_told("failure 3 a");
	assert_int_equal(server.closed, 2);
	assert_int_equal(server.opened, 3);
	assert_int_equal(dns_tcp_count(tcp), 1);
}

/* A connection that is dead without having been closed. */
static void test_silence(void **state)
{
	(void)state;
	struct message received = {0};

	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	assert_int_equal(dns_tcp_next(tcp), start + DNS_TCP_SILENCE);
	dns_tcp_run(tcp, start + DNS_TCP_SILENCE - 1);
	assert_int_equal(server.closed, 0);
	dns_tcp_run(tcp, start + DNS_TCP_SILENCE);
	assert_int_equal(server.closed, 1);
	assert_int_equal(server.opened, 2);
	dns_tcp_opened(tcp, start + DNS_TCP_SILENCE);
	assert_true(receive(&received));
	/* the second one has the rest of the time, and is given up after that */
	assert_int_equal(dns_tcp_next(tcp), start + DNS_TCP_TIME);
	dns_tcp_run(tcp, start + DNS_TCP_TIME);
	assert_told("failure 1 a");
	assert_int_equal(server.closed, 2);
	assert_int_equal(server.opened, 2);
	assert_int_equal(dns_tcp_next(tcp), UINT64_MAX);
}

static void test_connecting_takes_too_long(void **state)
{
	(void)state;
	ask("a.org", 1, start);
	assert_int_equal(dns_tcp_next(tcp), start + DNS_TCP_TIME);
	dns_tcp_run(tcp, start + DNS_TCP_TIME);
	assert_told("failure 1 a");
	/* it may succeed later */
	ask("b.org", 2, start + DNS_TCP_TIME);
	assert_int_equal(server.opened, 1);
	assert_int_equal(server.closed, 0);
	dns_tcp_opened(tcp, start + DNS_TCP_TIME);
	assert_int_equal(server.read + 2 + query.length, server.length);
}

static void test_idle(void **state)
{
	(void)state;
	struct message received = {0};

	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	answer(&received, start + USEC_PER_SEC);
	assert_int_equal(dns_tcp_next(tcp), start + USEC_PER_SEC + DNS_TCP_IDLE);
	dns_tcp_run(tcp, start + USEC_PER_SEC + DNS_TCP_IDLE);
	assert_int_equal(server.closed, 1);
	assert_int_equal(dns_tcp_next(tcp), UINT64_MAX);
	ask("a.org", 1, start + USEC_PER_SEC + DNS_TCP_IDLE);
	assert_int_equal(server.opened, 2);
}

static void test_full_table(void **state)
{
	(void)state;
	struct message received = {0};

	for (unsigned i = 0; i < DNS_TCP_QUERIES_MAX; i++)
		ask("a.org", i, start);
	assert_int_equal(ask_as("a.org", 1, NULL, start), -ENOBUFS);
	assert_int_equal(dns_tcp_count(tcp), DNS_TCP_QUERIES_MAX);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	answer(&received, start);
	ask("a.org", 1, start);
	assert_int_equal(ask_as("a.org", 1, NULL, start), -ENOBUFS);
	told[0] = '\0';
	dns_tcp_run(tcp, start + DNS_TCP_TIME);
	assert_int_equal(told_count, 1 + DNS_TCP_QUERIES_MAX);
	assert_int_equal(dns_tcp_count(tcp), 0);
}

static void test_no_queries(void **state)
{
	(void)state;
	static struct message large;

	put_query(&large, "a.org", TYPE_MX);
	assert_int_equal(dns_tcp_ask(tcp, large.bytes, 11, NULL, start), -EMSGSIZE);
	assert_int_equal(dns_tcp_ask(tcp, large.bytes, DNS_QUERY_MAX + 1, NULL, start), -EMSGSIZE);
	assert_int_equal(server.opened, 0);
	assert_int_equal(dns_tcp_ask(tcp, large.bytes, DNS_QUERY_MAX, NULL, start), 0);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&large));
	assert_int_equal(large.length, DNS_QUERY_MAX);
}

static void test_forgetting(void **state)
{
	(void)state;
	struct message received = {0};

	ask("a.org", 1, start);
	assert_int_equal(ask_as("b.org", 2, &askers[1], start), 0);
	ask("c.org", 3, start);
	dns_tcp_opened(tcp, start);
	dns_tcp_forget(tcp, &askers[0]);
	assert_int_equal(dns_tcp_count(tcp), 1);
	for (size_t i = 0; i < 3; i++) {
		assert_true(receive(&received));
		answer(&received, start);
	}
	assert_told("answer 2 b");
	assert_int_equal(server.closed, 0);
}

static void test_answers_to_something_else(void **state)
{
	(void)state;
	struct message received = {0};
	struct message wrong = {0};

	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	received.bytes[2] |= 0x80;
	for (size_t i = 0; i < received.length; i++) {
		if (i >= 2 && i < 4)
			continue;
		if (i >= 6 && i < 12)
			continue;
		wrong = received;
		wrong.bytes[i] ^= 1;
		send_framed(&wrong, start);
		assert_told("");
	}
	wrong = received;
	wrong.length = 12;
	send_framed(&wrong, start);
	/* no question, and no error that would explain that */
	wrong.bytes[5] = 0;
	send_framed(&wrong, start);
	assert_told("");
	/* case means nothing */
	received.bytes[13] ^= 0x20;
	send_framed(&received, start);
	assert_told("answer 1 a");
	send_framed(&received, start);
	assert_told("");
	/* ids that nobody has */
	for (unsigned id = 0; id < 65536; id++) {
		put_header(&wrong, id, FLAG_QR | 1, (const unsigned[]){0, 0, 0, 0});
		send_framed(&wrong, start);
	}
	assert_told("");
	/* a server that can't read a query does not repeat it */
	ask("a.org", 2, start);
	assert_true(receive(&received));
	put_header(&wrong, number_at(received.bytes, 0), FLAG_QR | 1, (const unsigned[]){0, 1, 0, 0});
	send_framed(&wrong, start);
	assert_told("");
	wrong.bytes[7] = 0;
	send_framed(&wrong, start);
	assert_told("answer 2 a");
	assert_int_equal(server.closed, 0);
}

/* Whatever is no answer ends the connection. */
static void test_garbage(void **state)
{
	(void)state;
	struct message received = {0};
	struct message garbage = {.length = 11};

	ask("a.org", 1, start);
	dns_tcp_opened(tcp, start);
	dns_tcp_received(tcp, (const uint8_t *)"\0\0", 2, start);
	assert_int_equal(server.closed, 1);
	assert_int_equal(server.opened, 2);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	send_framed(&garbage, start);
	assert_int_equal(server.closed, 2);
	assert_told("failure 1 a");
	ask("a.org", 2, start);
	dns_tcp_opened(tcp, start);
	assert_true(receive(&received));
	send_framed(&received, start);
	assert_int_equal(server.closed, 3);
	/* what comes after that is not looked at */
	send_framed(&received, start);
	assert_int_equal(server.closed, 3);
}

/* Within the functions that tell something, askers ask again. */
static void test_asking_again(void **state)
{
	(void)state;
	struct message received = {0};

	ask("a.org", 1, start);
	ask("a.org", 2, start);
	dns_tcp_opened(tcp, start);
	asks_again = true;
	assert_true(receive(&received));
	answer(&received, start);
	assert_told("answer 1 a");
	assert_int_equal(dns_tcp_count(tcp), 2);
	dns_tcp_closed(tcp, start);
	dns_tcp_opened(tcp, start);
	dns_tcp_closed(tcp, start);
	assert_told("failure 2 a, failure 2 d");
	assert_int_equal(dns_tcp_count(tcp), 2);
	assert_int_equal(server.opened, 3);
	asks_again = false;
	dns_tcp_run(tcp, start + DNS_TCP_TIME);
	assert_told("failure 2 d, failure 2 d");
}

/* Everything at any time: each query is answered or failed once, and never with another one's id. */
static void test_storm(void **state)
{
	(void)state;
	uint32_t random = 11;
	uint64_t now = start;
	size_t asked = 0;
	bool is_opening = false;
	unsigned opened = 0;

	for (size_t i = 0; i < 30000; i++) {
		struct message received = {0};

		told[0] = '\0';
		now += next_random(&random) % USEC_PER_SEC;
		if (server.opened != opened)
			is_opening = true;
		opened = server.opened;
		switch (next_random(&random) % 8) {
		case 0:
		case 1:
		case 2:
			asked += ask_as("a.org", next_random(&random) % 65536, NULL, now) == 0;
			break;
		case 3:
			if (is_opening)
				dns_tcp_opened(tcp, now);
			is_opening = false;
			break;
		case 4:
			server.room = next_random(&random) % 100;
			dns_tcp_writable(tcp, now);
			break;
		case 5:
			if (receive(&received))
				answer(&received, now);
			break;
		case 6:
			if (next_random(&random) % 4 == 0)
				dns_tcp_closed(tcp, now);
			break;
		default:
			dns_tcp_run(tcp, now);
		}
		if (server.length > sizeof(server.bytes) / 2)
			dns_tcp_closed(tcp, now);
		assert_int_equal(asked, told_count + dns_tcp_count(tcp));
	}
	assert_true(told_count > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_query, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pipelining, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow_connection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connecting_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_server_closes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sending_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_time_runs_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_time_runs_out_soon_after_connecting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connecting_takes_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_queries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forgetting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_answers_to_something_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_asking_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_storm, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
