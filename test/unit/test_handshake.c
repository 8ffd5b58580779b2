/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The handshake with each kind of upstream, as bytes: the whole conversation, in pieces of every size, and what is made
 * of answers that are wrong.
 */

#include "unit.h"

#include "proxy/handshake.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define BYTES(text) text, sizeof(text) - 1

/* What is to be sent, and then the answer to it. */
struct turn {
	const char *sent;
	size_t sent_length;
	const char *answer;
	size_t answer_length;
};

static struct upstream parse_upstream(const char *url)
{
	struct upstream upstream;
	struct error error;

	assert_int_equal(upstream_parse(&upstream, url, &error), 0);
	return upstream;
}

static struct destination destination(const char *address, const char *name)
{
	struct destination result = {.endpoint = {.family = AF_INET, .port = 443}, .name = name};

	if (inet_pton(AF_INET, address, &result.endpoint.ip) == 1)
		return result;
	result.endpoint.family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, address, &result.endpoint.ip6), 1);
	return result;
}

static void expect_output(struct handshake *handshake, const struct turn *turn, size_t piece)
{
	uint8_t buffer[HANDSHAKE_MESSAGE_MAX];
	size_t done = 0;

	while (done < turn->sent_length) {
		size_t length = 0;
		const uint8_t *output = handshake_output(handshake, buffer, &length);
		const bool is_all = length <= piece;

		assert_int_equal(handshake->state, HANDSHAKE_SEND);
		assert_int_equal(length, turn->sent_length - done);
		assert_memory_equal(output, turn->sent + done, length);
		length = length < piece ? length : piece;
		handshake_sent(handshake, length, is_all);
		done += length;
	}
}

static void give_answer(struct handshake *handshake, const struct turn *turn, size_t piece)
{
	for (size_t done = 0; done < turn->answer_length; done += piece) {
		const size_t rest = turn->answer_length - done;
		const size_t length = rest < piece ? rest : piece;

		assert_int_equal(handshake->state, HANDSHAKE_RECEIVE);
		assert_int_equal(handshake_take(handshake, (const uint8_t *)turn->answer + done, length), length);
	}
}

/* In pieces of each size, with bytes behind it that are left alone. */
static void converse(const char *url, const struct destination *to, const struct turn *turns, size_t count)
{
	struct upstream upstream = parse_upstream(url);
	struct handshake *handshake = malloc(sizeof(*handshake));

	assert_non_null(handshake);
	for (size_t piece = 1; piece < 100; piece++) {
		uint8_t last[256];

		memset(handshake, 0xa5, sizeof(*handshake));
		handshake_begin(handshake, &upstream, to);
		for (size_t i = 0; i + 1 < count; i++) {
			expect_output(handshake, &turns[i], piece);
			give_answer(handshake, &turns[i], piece);
		}
		expect_output(handshake, &turns[count - 1], piece);
		memcpy(last, turns[count - 1].answer, turns[count - 1].answer_length);
		memset(last + turns[count - 1].answer_length, 'x', 4);
		assert_int_equal(handshake_take(handshake, last, turns[count - 1].answer_length + 4),
				 turns[count - 1].answer_length);
		assert_int_equal(handshake->state, HANDSHAKE_READY);
		assert_true(handshake_is_requested(handshake));
	}
	free(handshake);
	upstream_clear(&upstream);
}

static void test_direct(void **state)
{
	struct upstream upstream = parse_upstream("direct://");
	const struct destination to = destination("203.0.113.10", NULL);
	struct handshake handshake;

	(void)state;
	handshake_begin(&handshake, &upstream, &to);
	assert_int_equal(handshake.state, HANDSHAKE_READY);
	upstream_clear(&upstream);
}

static void test_socks5(void **state)
{
	const struct destination ip = destination("203.0.113.10", NULL);
	const struct destination ip6 = destination("2001:db8::10", NULL);
	const struct destination name = destination("198.18.0.1", "example.org");
	const struct turn plain[] = {
		{BYTES("\5\1\0"), BYTES("\5\0")},
		{BYTES("\5\1\0\1\xcb\0\x71\x0a\1\xbb"), BYTES("\5\0\0\1\0\0\0\0\0\0")},
	};
	const struct turn with_ip6[] = {
		{BYTES("\5\1\0"), BYTES("\5\0")},
		{BYTES("\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x10\1\xbb"),
		 BYTES("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
	};
	const struct turn with_name[] = {
		{BYTES("\5\1\0"), BYTES("\5\0")},
		{BYTES("\5\1\0\3\x0b"
		       "example.org\1\xbb"),
		 BYTES("\5\0\0\3\3abc\0\0")},
	};
	const struct turn short_name[] = {plain[0], {plain[1].sent, plain[1].sent_length, BYTES("\5\0\0\3\0\0\0")}};

	(void)state;
	converse("socks5://h:1", &ip, plain, COUNT(plain));
	converse("socks5://h:1", &ip6, with_ip6, COUNT(with_ip6));
	converse("socks5://h:1", &name, with_name, COUNT(with_name));
	converse("socks5://h:1", &ip, short_name, COUNT(short_name));
}

static void test_socks5_password(void **state)
{
	const struct destination ip = destination("203.0.113.10", NULL);
	const struct turn request = {BYTES("\5\1\0\1\xcb\0\x71\x0a\1\xbb"), BYTES("\5\0\0\1\0\0\0\0\0\0")};
	const struct turn asked[] = {
		{BYTES("\5\2\0\2"), BYTES("\5\2")}, {BYTES("\1\5alice\6wonder"), BYTES("\1\0")}, request};
	const struct turn not_asked[] = {{BYTES("\5\2\0\2"), BYTES("\5\0")}, request};
	const struct turn without[] = {
		{BYTES("\5\2\0\2"), BYTES("\5\2")}, {BYTES("\1\5alice\0"), BYTES("\1\0")}, request};

	(void)state;
	converse("socks5://alice:wonder@h:1", &ip, asked, COUNT(asked));
	converse("socks5://alice:wonder@h:1", &ip, not_asked, COUNT(not_asked));
	converse("socks5://alice@h:1", &ip, without, COUNT(without));
}

static void test_http(void **state)
{
	const struct destination ip = destination("203.0.113.10", NULL);
	const struct destination ip6 = destination("2001:db8::10", NULL);
	const struct destination name = destination("198.18.0.1", "example.org");
	const struct turn plain = {BYTES("CONNECT 203.0.113.10:443 HTTP/1.1\r\nHost: 203.0.113.10:443\r\n\r\n"),
				   BYTES("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nEmpty:\r\n\r\n")};
	const struct turn with_ip6 = {BYTES("CONNECT [2001:db8::10]:443 HTTP/1.1\r\nHost: [2001:db8::10]:443\r\n\r\n"),
				      BYTES("HTTP/1.0 299\r\n\r\n")};
	const struct turn with_name = {BYTES("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n"
					     "Proxy-Authorization: Basic YWxpY2U6d29uZGVyOmxhbmQ=\r\n\r\n"),
				       BYTES("HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early\nA:b\n\nHTTP/1.1 200 \n\n")};

	(void)state;
	converse("http://h:1", &ip, &plain, 1);
	converse("http://h:1", &ip6, &with_ip6, 1);
	converse("http://alice:wonder:land@h:1", &name, &with_name, 1);
}

/* RFC 4648's examples, and a password of every length. */
static void test_base64(void **state)
{
	static const struct {
		const char *user;
		const char *password;
		const char *token;
	} all[] = {{"f", NULL, "Zjo="}, {"f", "o", "Zjpv"}, {"fo", "b", "Zm86Yg=="}, {"\xff\xfe", "\xff", "//46/w=="}};
	const struct destination ip = destination("203.0.113.10", NULL);
	uint8_t out[HTTP_CONNECT_MAX];
	char user[256];
	char wanted[64];

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		const size_t length = http_connect_write(&ip, all[i].user, all[i].password, out);

		snprintf(wanted, sizeof(wanted), "Basic %s\r\n\r\n", all[i].token);
		assert_memory_equal(out + length - strlen(wanted), wanted, strlen(wanted));
	}
	memset(user, 'x', sizeof(user) - 1);
	user[255] = '\0';
	assert_within(http_connect_write(&ip, user, user, out), 700, HTTP_CONNECT_MAX - 1);
}

/* What an answer to the first thing that is sent leads to, and how it is described. */
static void check_failure(const char *url, const char *first, size_t first_length, const char *answer,
			  size_t answer_length, enum handshake_failure failure, const char *text)
{
	struct upstream upstream = parse_upstream(url);
	const struct destination to = destination("203.0.113.10", NULL);
	struct handshake handshake;
	char described[HANDSHAKE_TEXT_SIZE];
	uint8_t buffer[HANDSHAKE_MESSAGE_MAX];
	size_t length = 0;

	handshake_begin(&handshake, &upstream, &to);
	handshake_output(&handshake, buffer, &length);
	handshake_sent(&handshake, length, true);
	if (first_length > 0) {
		assert_int_equal(handshake_take(&handshake, (const uint8_t *)first, first_length), first_length);
		handshake_output(&handshake, buffer, &length);
		handshake_sent(&handshake, length, true);
	}
	for (size_t i = 0; i < answer_length; i++) {
		if (handshake.state != HANDSHAKE_RECEIVE)
			fail_msg("%s: it is over before byte %zu", answer, i);
		assert_int_equal(handshake_take(&handshake, (const uint8_t *)answer + i, 1), 1);
	}
	assert_int_equal(handshake.state, HANDSHAKE_FAILED);
	assert_int_equal(handshake.failure, failure);
	assert_non_null(strstr(handshake_describe(&handshake, described), text));
	assert_int_equal(handshake_take(&handshake, (const uint8_t *)"x", 1), 0);
	upstream_clear(&upstream);
}

#define SOCKS5_FAILS(url, first, answer, failure, text)                                                                \
	check_failure("socks5://" url, BYTES(first), BYTES(answer), failure, text)

static void test_socks5_failures(void **state)
{
	(void)state;
	SOCKS5_FAILS("h:1", "", "\4", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("h:1", "", "H", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("h:1", "", "\5\1", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("h:1", "", "\5\2", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("h:1", "", "\5\xff", HANDSHAKE_NO_PASSWORD, "wants a user");
	SOCKS5_FAILS("u:p@h:1", "", "\5\xff", HANDSHAKE_NO_METHOD, "accepts no user");
	SOCKS5_FAILS("u:p@h:1", "\5\2", "\5", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("u:p@h:1", "\5\2", "\1\1", HANDSHAKE_WRONG_PASSWORD, "refuses the user");
	SOCKS5_FAILS("h:1", "\5\0", "\1", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("h:1", "\5\0", "\5\0\1", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("h:1", "\5\0", "\5\0\0\2", HANDSHAKE_GARBAGE, "not SOCKS5");
	SOCKS5_FAILS("h:1", "\5\0", "\5\1", HANDSHAKE_REFUSED, "general failure (1)");
	SOCKS5_FAILS("h:1", "\5\0", "\5\2", HANDSHAKE_REFUSED, "not allowed by its rules (2)");
	SOCKS5_FAILS("h:1", "\5\0", "\5\x08", HANDSHAKE_REFUSED, "address type not supported (8)");
	SOCKS5_FAILS("h:1", "\5\0", "\5\x09", HANDSHAKE_REFUSED, "unknown failure (9)");
}

#define HTTP_FAILS(url, answer, failure, text) check_failure("http://" url, NULL, 0, BYTES(answer), failure, text)

static void test_http_failures(void **state)
{
	(void)state;
	HTTP_FAILS("h:1", "\5", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/2", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 0", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 2x", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 2000", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 600\r", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 200 O\0", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 200\rx", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 200\r\n:", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 200\r\na ", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 200\r\na:\0", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 200\r\na: b\rc", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 200\r\na: b\r\n\rc", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 100\r\n\r\nX", HANDSHAKE_GARBAGE, "not HTTP");
	HTTP_FAILS("h:1", "HTTP/1.1 302 Found\r", HANDSHAKE_REFUSED, "HTTP status 302");
	HTTP_FAILS("h:1", "HTTP/1.1 502\n", HANDSHAKE_REFUSED, "HTTP status 502");
	HTTP_FAILS("h:1", "HTTP/1.1 407 x\r", HANDSHAKE_NO_PASSWORD, "wants a user");
	HTTP_FAILS("u:p@h:1", "HTTP/1.1 407 x\r", HANDSHAKE_WRONG_PASSWORD, "refuses the user");
}

static void test_http_without_end(void **state)
{
	struct http_reader reader = {0};
	size_t read = 0;

	(void)state;
	for (const char *next = "HTTP/1.1 200 "; *next != '\0'; next++, read++)
		assert_int_equal(http_connect_read(&reader, (uint8_t)*next), HTTP_MORE);
	while (http_connect_read(&reader, 'x') == HTTP_MORE)
		read++;
	assert_int_equal(read, HTTP_CONNECT_HEAD_MAX);
}

/* A name with a line break would be another header. */
static void test_names_that_cannot_be_sent(void **state)
{
	static const char *const names[] = {"a\r\nX: y", "a b", "",
					    "b\xc3\xbc"
					    "cher.example"};
	struct upstream upstream = parse_upstream("http://h:1");
	char described[HANDSHAKE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct destination to = destination("198.18.0.1", names[i]);
		struct handshake handshake;

		handshake_begin(&handshake, &upstream, &to);
		assert_int_equal(handshake.state, HANDSHAKE_FAILED);
		assert_int_equal(handshake.failure, HANDSHAKE_NO_NAME);
		assert_non_null(strstr(handshake_describe(&handshake, described), "name"));
	}
	upstream_clear(&upstream);
}

/* While it is connected to, and before that. */
static void test_when_it_is_requested(void **state)
{
	struct upstream socks5 = parse_upstream("socks5://h:1");
	struct upstream http = parse_upstream("http://h:1");
	const struct destination to = destination("203.0.113.10", NULL);
	struct handshake handshake;

	(void)state;
	handshake_begin(&handshake, &http, &to);
	assert_true(handshake_is_requested(&handshake));
	handshake_begin(&handshake, &socks5, &to);
	assert_false(handshake_is_requested(&handshake));
	handshake_sent(&handshake, 3, true);
	assert_int_equal(handshake_take(&handshake, (const uint8_t *)"\5\0", 2), 2);
	assert_true(handshake_is_requested(&handshake));
	upstream_clear(&socks5);
	upstream_clear(&http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_socks5),
		cmocka_unit_test(test_socks5_password),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_socks5_failures),
		cmocka_unit_test(test_http_failures),
		cmocka_unit_test(test_http_without_end),
		cmocka_unit_test(test_names_that_cannot_be_sent),
		cmocka_unit_test(test_when_it_is_requested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
