/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* DNS queries that are none, or not right (RFC 1035, RFC 6891, RFC 8906, RFC 9619). */

#include "random.h"
#include "relay/dns.h"
#include "unit.h"

#include "dns_messages.h"

static const uint64_t start = UINT64_C(86400) * 1000000;

static struct fake_ip *map;
static struct message query;
static uint8_t answer[DNS_ANSWER_MAX];
static size_t answer_length;

static int open_map(void **state)
{
	(void)state;
	struct fake_ip_options options;
	struct error error;

	fake_ip_defaults(&options);
	map = fake_ip_new(&options, start, &error);
	return map != NULL ? 0 : -1;
}

static int close_map(void **state)
{
	(void)state;
	fake_ip_free(map, start);
	return 0;
}

/* The message ends where memory does, so that reading beyond it is seen. */
static enum dns_verdict take(void)
{
	const struct dns dns = {.fake_ip = map, .has_server = true};
	uint8_t *copy = malloc(query.length > 0 ? query.length : 1);
	enum dns_verdict verdict = DNS_IGNORE;

	assert_non_null(copy);
	memcpy(copy, query.bytes, query.length);
	verdict = dns_take(&dns, copy, query.length, start, answer, &answer_length);
	free(copy);
	return verdict;
}

/* The answer is a header with this code, and nothing else. */
static void assert_refused(unsigned code)
{
	assert_int_equal(take(), DNS_ANSWER);
	assert_int_equal(answer_length, 12);
	assert_memory_equal(answer, query.bytes, 2);
	assert_int_equal(number_at(answer, 2), FLAG_QR | FLAG_RA | (number_at(query.bytes, 2) & 0x7900) | code);
	for (size_t i = 4; i < 12; i++)
		assert_int_equal(answer[i], 0);
}

static void test_not_to_be_answered(void **state)
{
	(void)state;
	put_query(&query, "a.org", TYPE_A);
	for (query.length = 0; query.length < 12; query.length++) {
		assert_int_equal(take(), DNS_IGNORE);
		assert_int_equal(answer_length, 0);
	}
	put_query(&query, "a.org", TYPE_A);
	query.bytes[2] |= 0x80;
	assert_int_equal(take(), DNS_IGNORE);
	query.bytes[2] |= 0x28; /* an UPDATE's answer */
	assert_int_equal(take(), DNS_IGNORE);
}

static void test_opcodes(void **state)
{
	(void)state;
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		put_query(&query, "a.org", TYPE_A);
		query.bytes[2] = (uint8_t)(opcode << 3);
		assert_refused(4);
		query.length = 12;
		query.bytes[2] |= 1;
		assert_refused(4);
	}
}

static void test_cut_off(void **state)
{
	(void)state;
	size_t length = 0;

	put_query_edns(&query, "a.example.org", TYPE_A, 1232);
	length = query.length;
	for (query.length = 12; query.length < length; query.length++)
		assert_refused(1);
	assert_int_equal(take(), DNS_ANSWER);
	assert_true(answer_length > 12);
}

static void test_counts(void **state)
{
	(void)state;
	const unsigned wrong[][4] = {
		{0, 0, 0, 0},
		{2, 0, 0, 0},
		{1, 1, 0, 0},
		{1, 0, 1, 0},
		{1, 0, 0, 2},
		{65535, 0, 0, 0},
		{1, 65535, 65535, 65535},
		{1, 0, 0, 65535},
		{0, 0, 0, 1},
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		put_header(&query, 0xffff, FLAG_RD, wrong[i]);
		put_question(&query, "a.org", TYPE_A, CLASS_IN);
		put_question(&query, "b.org", TYPE_A, CLASS_IN);
		assert_refused(1);
	}
	assert_int_equal(fake_ip_count(map), 0);
}

static void test_names(void **state)
{
	(void)state;
	const struct {
		const char *bytes;
		size_t length;
	} names[] = {
		{"\xc0\x0c", 2}, /* to itself */
		{"\xc0\x00", 2}, /* to the header */
		{"\xc0\x10", 2}, /* behind it */
		{"\x01"
		 "a\xc0\x0c",
		 4}, /* to its beginning */
		{"\x01"
		 "a\xc0\x12\0\0",
		 6},
		{"\xff\xff", 2},
		{"\x40", 1}, /* lengths that are none */
		{"\x80"
		 "a",
		 2},
		{"\x3f"
		 "a",
		 2}, /* more than there is */
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		put_header(&query, 1, FLAG_RD, (const unsigned[]){1, 0, 0, 0});
		for (size_t j = 0; j < names[i].length; j++)
			put_byte(&query, (unsigned char)names[i].bytes[j]);
		put_number(&query, TYPE_A);
		put_number(&query, CLASS_IN);
		assert_refused(1);
	}
}

/* 256 octets are one too many; any number of labels is too long at some time. */
static void test_long_names(void **state)
{
	(void)state;
	for (size_t length = 254; length < 300; length++) {
		put_header(&query, 1, FLAG_RD, (const unsigned[]){1, 0, 0, 0});
		for (size_t i = 0; i < length; i++)
			put_byte(&query, i % 64 == 0 ? (length - i > 64 ? 63 : (unsigned)(length - i - 1)) : 'a');
		put_byte(&query, 0);
		put_number(&query, TYPE_A);
		put_number(&query, CLASS_IN);
		if (length > 254)
			assert_refused(1);
		else
			assert_int_equal(take(), DNS_ANSWER);
	}
	put_header(&query, 1, FLAG_RD, (const unsigned[]){1, 0, 0, 0});
	for (size_t i = 0; i < 1000; i++) {
		put_byte(&query, 1);
		put_byte(&query, 'a');
	}
	assert_refused(1);
}

static void test_additional(void **state)
{
	(void)state;
	/* two OPT records */
	put_header(&query, 1, FLAG_RD, (const unsigned[]){1, 0, 0, 2});
	put_question(&query, "a.org", TYPE_A, CLASS_IN);
	put_opt(&query, 1232, 0, 0);
	put_opt(&query, 1232, 0, 0);
	assert_refused(1);
	/* one that has a name */
	put_header(&query, 1, FLAG_RD, (const unsigned[]){1, 0, 0, 1});
	put_question(&query, "a.org", TYPE_A, CLASS_IN);
	put_name(&query, "a");
	for (size_t i = 0; i < 10; i++)
		put_byte(&query, i == 1 ? TYPE_OPT : 0);
	assert_refused(1);
	/* one whose data is longer than the message */
	put_query_edns(&query, "a.org", TYPE_A, 1232);
	query.bytes[query.length - 1] = 1;
	assert_refused(1);
	/* more than a client can have a reason for */
	put_header(&query, 1, FLAG_RD, (const unsigned[]){1, 0, 0, 9});
	put_question(&query, "a.org", TYPE_A, CLASS_IN);
	for (size_t i = 0; i < 9; i++) {
		put_question(&query, "key", TYPE_TSIG, 255);
		for (size_t j = 0; j < 6; j++)
			put_byte(&query, 0);
	}
	assert_refused(1);
	/* signatures are ignored, and do not lose memory */
	put_header(&query, 1, FLAG_RD, (const unsigned[]){1, 0, 0, 3});
	put_question(&query, "a.org", TYPE_A, CLASS_IN);
	for (size_t i = 0; i < 3; i++) {
		put_question(&query, "key", TYPE_TSIG, 255);
		for (size_t j = 0; j < 6; j++)
			put_byte(&query, 0);
	}
	assert_int_equal(take(), DNS_ANSWER);
	assert_true(answer_length > 12);
	assert_int_equal(number_at(answer, 10), 0);
}

static void test_too_long(void **state)
{
	(void)state;
	put_query(&query, "a.org", TYPE_MX);
	while (query.length < DNS_QUERY_MAX)
		put_byte(&query, 0);
	assert_int_equal(take(), DNS_ASK); /* bytes at its end mean nothing */
	put_byte(&query, 0);
	assert_refused(1);
	query.length = 65535;
	assert_refused(1);
}

/* Any bytes: whatever is answered is an answer to it. */
static void test_random(void **state)
{
	(void)state;
	uint32_t random = 7;

	for (size_t i = 0; i < 20000; i++) {
		put_query_edns(&query, i % 2 == 0 ? "a.example.org" : "1.0.18.198.in-addr.arpa", TYPE_A, 1232);
		for (size_t j = 0; j < i % 4; j++)
			query.bytes[next_random(&random) % query.length] = (uint8_t)next_random(&random);
		if (next_random(&random) % 8 == 0)
			query.length = next_random(&random) % (query.length + 1);
		if (take() == DNS_IGNORE || answer_length == 0)
			continue;
		assert_true(answer_length >= 12 && answer_length <= DNS_ANSWER_MAX);
		assert_memory_equal(answer, query.bytes, 2);
		assert_int_equal(answer[2] & 0x80, 0x80);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_to_be_answered),
		cmocka_unit_test(test_opcodes),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_additional),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_random),
	};
	struct CMUnitTest with_map[COUNT(tests)];

	memcpy(with_map, tests, sizeof(tests));
	for (size_t i = 0; i < COUNT(tests); i++) {
		with_map[i].setup_func = open_map;
		with_map[i].teardown_func = close_map;
	}
	return cmocka_run_group_tests(with_map, NULL, NULL);
}
