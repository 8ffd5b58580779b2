/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What the relay says to DNS queries: of each type, for names of every kind. Malformed ones are in
 * test_dns_malformed.c. */

#include "relay/dns.h"
#include "unit.h"

#include "dns_messages.h"

#include <arpa/inet.h>
#include <stdio.h>

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
	options.names_max = 4;
	map = fake_ip_new(&options, start, &error);
	return map != NULL ? 0 : -1;
}

static int close_map(void **state)
{
	(void)state;
	fake_ip_free(map, start);
	return 0;
}

static enum dns_verdict take(bool has_server)
{
	const struct dns dns = {.fake_ip = map, .has_server = has_server};

	return dns_take(&dns, query.bytes, query.length, start, answer, &answer_length);
}

/* Reads a name, which may be compressed, as text; returns where it ends. */
static size_t read_name(size_t at, char *out)
{
	size_t end = 0;
	size_t used = 0;

	for (unsigned labels = 0; labels < 200; labels++) {
		const unsigned length = answer[at];

		if (length >= 0xc0) {
			end = end != 0 ? end : at + 2;
			at = number_at(answer, at) & 0x3fff;
			continue;
		}
		at++;
		if (length == 0)
			break;
		memcpy(out + used, answer + at, length);
		used += length;
		out[used++] = '.';
		at += length;
		assert_true(at < answer_length);
	}
	out[used] = '\0';
	return end != 0 ? end : at;
}

/* Reads a record of the answer section as "NAME TTL DATA"; returns where it ends. */
static size_t read_record(size_t at, char *out, size_t size)
{
	char name[512];
	char data[512] = "?";
	const size_t fixed = read_name(at, name);
	const unsigned type = number_at(answer, fixed);
	const unsigned length = number_at(answer, fixed + 8);
	const size_t end = fixed + 10 + length;

	assert_int_equal(number_at(answer, fixed + 2), CLASS_IN);
	assert_true(end <= answer_length);
	if (type == TYPE_PTR)
		assert_int_equal(read_name(fixed + 10, data), end);
	else if (type == TYPE_A && length == 4)
		inet_ntop(AF_INET, answer + fixed + 10, data, sizeof(data));
	else if (type == TYPE_AAAA && length == 16)
		inet_ntop(AF_INET6, answer + fixed + 10, data, sizeof(data));
	snprintf(out, size, "%s %u %s", name, number_at(answer, fixed + 4) << 16 | number_at(answer, fixed + 6), data);
	return end;
}

/* The question is as it was, and the records are these: "CODE", or "CODE: RECORD, RECORD". */
static void assert_answer(const char *expected)
{
	char text[2048];
	size_t used = 0;
	size_t at = 12;
	const size_t question_length = query.length - 12 - (number_at(query.bytes, 10) == 1 ? 11 : 0);

	assert_true(answer_length >= 12 && answer_length <= DNS_ANSWER_MAX);
	assert_memory_equal(answer, query.bytes, 2);
	assert_int_equal(number_at(answer, 2) & ~0xfU,
			 FLAG_QR | FLAG_RA | (number_at(query.bytes, 2) & (FLAG_RD | FLAG_CD)));
	assert_int_equal(number_at(answer, 4), 1);
	assert_memory_equal(answer + at, query.bytes + at, question_length);
	at += question_length;
	used = (size_t)snprintf(text, sizeof(text), "%u", number_at(answer, 2) & 0xf);
	for (unsigned i = 0; i < number_at(answer, 6); i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, i == 0 ? ": " : ", ");
		at = read_record(at, text + used, sizeof(text) - used);
		used += strlen(text + used);
	}
	assert_string_equal(text, expected);
	assert_int_equal(number_at(answer, 8), 0);
	assert_int_equal(number_at(answer, 10), number_at(query.bytes, 10));
	assert_int_equal(answer_length, at + (number_at(query.bytes, 10) == 1 ? 11 : 0));
}

static void assert_asked(const char *name, unsigned type, const char *expected)
{
	put_query(&query, name, type);
	assert_int_equal(take(false), DNS_ANSWER);
	assert_answer(expected);
}

static void assert_forwarded(const char *name, unsigned type)
{
	put_query(&query, name, type);
	assert_int_equal(take(true), DNS_ASK);
	assert_int_equal(answer_length, 0);
}

/* Likewise if there is a server, which is not asked. */
static void assert_not_forwarded(const char *name, unsigned type, const char *expected)
{
	put_query(&query, name, type);
	assert_int_equal(take(true), DNS_ANSWER);
	assert_answer(expected);
}

static void test_addresses(void **state)
{
	(void)state;
	assert_asked("example.org", TYPE_A, "0: example.org. 1 198.18.0.1");
	assert_asked("example.org", TYPE_AAAA, "0: example.org. 1 fc00::1");
	assert_asked("a.example.org", TYPE_AAAA, "0: a.example.org. 1 fc00::2");
	assert_not_forwarded("a.example.org", TYPE_A, "0: a.example.org. 1 198.18.0.2");
	assert_asked("example.org", TYPE_ANY, "0: example.org. 1 198.18.0.1, example.org. 1 fc00::1");
	assert_int_equal(fake_ip_count(map), 2);
}

static void test_case_is_kept_and_means_nothing(void **state)
{
	(void)state;
	assert_asked("eXaMpLe.OrG", TYPE_A, "0: eXaMpLe.OrG. 1 198.18.0.1");
	assert_asked("EXAMPLE.org", TYPE_AAAA, "0: EXAMPLE.org. 1 fc00::1");
	assert_int_equal(fake_ip_count(map), 1);
}

static void test_other_types(void **state)
{
	(void)state;
	const unsigned empty[] = {TYPE_HTTPS, TYPE_SVCB};
	const unsigned others[] = {TYPE_NS, TYPE_SOA, TYPE_PTR, TYPE_MX, TYPE_TXT, 33, 43, 48, 99, 257, 32768, 65280};

	for (size_t i = 0; i < COUNT(empty); i++) {
		assert_asked("example.org", empty[i], "0");
		assert_not_forwarded("example.org", empty[i], "0");
		assert_not_forwarded("_dns.resolver.arpa", empty[i], "0");
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_asked("example.org", others[i], "0");
		assert_forwarded("example.org", others[i]);
		assert_forwarded("org", others[i]);
	}
	assert_forwarded("", TYPE_NS);
	assert_asked("", TYPE_NS, "0");
	assert_int_equal(fake_ip_count(map), 0);
}

/* Types that ask for something else than records of a name. */
static void test_meta_types(void **state)
{
	(void)state;
	for (unsigned type = 128; type < 255; type++)
		assert_not_forwarded("example.org", type, type == TYPE_AXFR || type == TYPE_IXFR ? "5" : "4");
	assert_not_forwarded("example.org", TYPE_OPT, "1");
	assert_not_forwarded("example.org", 0, "1");
}

static void test_this_host(void **state)
{
	(void)state;
	assert_not_forwarded("localhost", TYPE_A, "0: localhost. 1 127.0.0.1");
	assert_not_forwarded("a.LocalHost", TYPE_AAAA, "0: a.LocalHost. 1 ::1");
	assert_not_forwarded("localhost", TYPE_ANY, "0: localhost. 1 127.0.0.1, localhost. 1 ::1");
	assert_not_forwarded("localhost", TYPE_MX, "0");
	assert_not_forwarded("1.0.0.127.in-addr.arpa", TYPE_PTR, "0: 1.0.0.127.in-addr.arpa. 1 localhost.");
	assert_not_forwarded("1.0.0.127.in-addr.arpa", TYPE_TXT, "0");
	assert_asked("notlocalhost.org", TYPE_A, "0: notlocalhost.org. 1 198.18.0.1");
}

static void test_names_that_are_not_resolved(void **state)
{
	(void)state;
	const char *const nowhere[] = {
		"printer.local", "local", "a.b.LOCAL", "x.invalid", "intranet", "1.2.3.4", "127.1", "a.0x7f", "a.0X",
	};
	const char *const no_hosts[] = {
		"",
		"ipv4only.arpa",
		"home.arpa",
		"arpa",
		"18.198.in-addr.arpa",
		"a\\.b.example.org",
		"a b.example.org",
		"b\\195\\188cher.example.org",
		"\\000.example.org",
		"a\\\\b.example.org",
		"*.example.org",
	};

	for (size_t i = 0; i < COUNT(nowhere); i++) {
		assert_not_forwarded(nowhere[i], TYPE_A, "3");
		assert_asked(nowhere[i], TYPE_AAAA, "3");
		assert_asked(nowhere[i], TYPE_TXT, "3");
	}
	for (size_t i = 0; i < COUNT(no_hosts); i++) {
		assert_not_forwarded(no_hosts[i], TYPE_A, "0");
		assert_asked(no_hosts[i], TYPE_AAAA, "0");
	}
	assert_not_forwarded("my\\ printer._ipp._tcp.local", TYPE_TXT, "3");
	/* the dot is part of a label, so that this is not below "local" */
	assert_asked("a\\.local", TYPE_A, "3");
	assert_asked("printer\\.local.example.org", TYPE_A, "0");
	assert_int_equal(fake_ip_count(map), 0);
}

static void test_names_that_look_special(void **state)
{
	(void)state;
	assert_asked("xn--bcher-kva.example", TYPE_A, "0: xn--bcher-kva.example. 1 198.18.0.1");
	assert_asked("_a.b-c.onion", TYPE_A, "0: _a.b-c.onion. 1 198.18.0.2");
	assert_asked("1.2.3.4.example", TYPE_A, "0: 1.2.3.4.example. 1 198.18.0.3");
	assert_asked("a.0x7g", TYPE_A, "0: a.0x7g. 1 198.18.0.4");
}

static void test_longest_name(void **state)
{
	(void)state;
	char name[254] = "";
	char expected[600];

	for (size_t i = 0; i < 253; i++)
		name[i] = "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz_012345678."[i % 64];
	put_query(&query, name, TYPE_A);
	assert_int_equal(query.length, 12 + 255 + 4);
	assert_int_equal(take(false), DNS_ANSWER);
	snprintf(expected, sizeof(expected), "0: %s. 1 198.18.0.1", name);
	assert_answer(expected);
	put_query_edns(&query, name, TYPE_ANY, 1232);
	assert_int_equal(take(false), DNS_ANSWER);
	snprintf(expected, sizeof(expected), "0: %s. 1 198.18.0.1, %s. 1 fc00::1", name, name);
	assert_answer(expected);
	assert_asked("1.0.18.198.in-addr.arpa", TYPE_PTR,
		     (snprintf(expected, sizeof(expected), "0: 1.0.18.198.in-addr.arpa. 1 %s.", name), expected));
}

static void test_names_of_addresses(void **state)
{
	(void)state;
	static const char ip6[] = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.f.ip6.arpa";
	static const char other_ip6[] = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
	char expected[256];

	assert_asked("example.org", TYPE_A, "0: example.org. 1 198.18.0.1");
	assert_not_forwarded("1.0.18.198.in-addr.arpa", TYPE_PTR, "0: 1.0.18.198.in-addr.arpa. 1 example.org.");
	snprintf(expected, sizeof(expected), "0: %s. 1 example.org.", ip6);
	assert_not_forwarded(ip6, TYPE_PTR, expected);
	assert_not_forwarded(ip6, TYPE_SOA, "0");
	assert_not_forwarded("2.0.18.198.IN-ADDR.arpa", TYPE_PTR, "3");
	assert_not_forwarded("0.0.18.198.in-addr.arpa", TYPE_PTR, "3");
	assert_forwarded("1.2.0.192.in-addr.arpa", TYPE_PTR);
	assert_asked("1.2.0.192.in-addr.arpa", TYPE_PTR, "3");
	assert_forwarded(other_ip6, TYPE_PTR);
	assert_asked(other_ip6, TYPE_PTR, "3");
	assert_not_forwarded("1.2.0.192.in-addr.arpa", TYPE_A, "0");
	/* these are of no address */
	assert_asked("01.0.18.198.in-addr.arpa", TYPE_PTR, "0");
	assert_asked("1.0.18.198.1.in-addr.arpa", TYPE_PTR, "0");
	assert_asked("256.0.18.198.in-addr.arpa", TYPE_PTR, "0");
	assert_asked("1.0.18.198.ip6.arpa", TYPE_PTR, "0");
	assert_asked(ip6 + 2, TYPE_PTR, "0");
}

static void test_full_map(void **state)
{
	(void)state;
	assert_asked("a.org", TYPE_A, "0: a.org. 1 198.18.0.1");
	assert_asked("b.org", TYPE_A, "0: b.org. 1 198.18.0.2");
	assert_asked("c.org", TYPE_A, "0: c.org. 1 198.18.0.3");
	assert_asked("d.org", TYPE_A, "0: d.org. 1 198.18.0.4");
	put_query_edns(&query, "e.org", TYPE_A, 512);
	assert_int_equal(take(false), DNS_ANSWER_BUSY);
	assert_answer("2");
	assert_asked("a.org", TYPE_AAAA, "0: a.org. 1 fc00::1");
	assert_asked("e.org", TYPE_HTTPS, "0");
}

static void test_one_family(void **state)
{
	struct fake_ip_options options;
	struct error error;

	fake_ip_free(map, start);
	fake_ip_defaults(&options);
	options.ip6.prefix = 0;
	map = fake_ip_new(&options, start, &error);
	assert_asked("a.org", TYPE_AAAA, "0");
	assert_asked("a.org", TYPE_ANY, "0: a.org. 1 198.18.0.1");
	close_map(state);
	options.ip.prefix = 0;
	fake_ip_defaults(&options);
	options.ip.prefix = 0;
	map = fake_ip_new(&options, start, &error);
	assert_asked("a.org", TYPE_A, "0");
	assert_asked("a.org", TYPE_AAAA, "0: a.org. 1 fc00::1");
}

static void test_flags(void **state)
{
	(void)state;
	const unsigned flags[] = {0, FLAG_RD, FLAG_RD | FLAG_CD, FLAG_AD, FLAG_TC, FLAG_AA | FLAG_RA, 0x40, 0xf};

	for (size_t i = 0; i < COUNT(flags); i++) {
		put_header(&query, 0, flags[i], (const unsigned[]){1, 0, 0, 0});
		put_question(&query, "a.org", TYPE_A, CLASS_IN);
		assert_int_equal(take(false), DNS_ANSWER);
		assert_answer("0: a.org. 1 198.18.0.1");
	}
}

static void test_classes(void **state)
{
	(void)state;
	const unsigned classes[] = {CLASS_CH, 0, 2, 4, 254, 255, 65535};

	for (size_t i = 0; i < COUNT(classes); i++) {
		put_header(&query, 7, 0, (const unsigned[]){1, 0, 0, 0});
		put_question(&query, "version.bind", TYPE_TXT, classes[i]);
		assert_int_equal(take(true), DNS_ANSWER);
		assert_answer("5");
	}
}

static void test_edns(void **state)
{
	(void)state;
	put_query_edns(&query, "a.org", TYPE_A, 4096);
	assert_int_equal(take(false), DNS_ANSWER);
	assert_answer("0: a.org. 1 198.18.0.1");
	assert_memory_equal(answer + answer_length - 11, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
	put_query_edns(&query, "a.org", TYPE_MX, 0);
	query.bytes[query.length - 4] = 0x80;
	assert_int_equal(take(false), DNS_ANSWER);
	assert_answer("0");
	assert_memory_equal(answer + answer_length - 11, "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);
	/* a version that is not known, and flags and options that are not either */
	put_query_edns(&query, "a.org", TYPE_A, 4096);
	query.bytes[query.length - 5] = 1;
	assert_int_equal(take(true), DNS_ANSWER);
	assert_answer("0");
	assert_memory_equal(answer + answer_length - 11, "\0\0\x29\x04\xd0\x01\0\0\0\0\0", 11);
	put_query_edns(&query, "a.org", TYPE_A, 4096);
	query.bytes[query.length - 3] = 0xff;
	query.bytes[query.length - 1] = 8;
	for (size_t i = 0; i < 8; i++)
		put_byte(&query, i == 3 ? 4 : 0xfd);
	query.bytes[query.length - 6] = 0;
	assert_int_equal(take(false), DNS_ANSWER);
	query.length -= 8;
	assert_answer("0: a.org. 1 198.18.0.1");
	assert_memory_equal(answer + answer_length - 11, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
}

static void test_without_fake_addresses(void **state)
{
	(void)state;
	const struct dns dns = {.has_server = true};
	const char *const names[] = {"example.org", "intranet", "nas.local", "", "1.0.18.198.in-addr.arpa"};
	const unsigned types[] = {TYPE_A, TYPE_AAAA, TYPE_HTTPS, TYPE_PTR, TYPE_ANY};

	for (size_t i = 0; i < COUNT(names) * COUNT(types); i++) {
		put_query(&query, names[i / COUNT(types)], types[i % COUNT(types)]);
		assert_int_equal(dns_take(&dns, query.bytes, query.length, start, answer, &answer_length), DNS_ASK);
	}
	put_query(&query, "localhost", TYPE_A);
	assert_int_equal(dns_take(&dns, query.bytes, query.length, start, answer, &answer_length), DNS_ANSWER);
	assert_answer("0: localhost. 1 127.0.0.1");
}

static void test_failures(void **state)
{
	(void)state;
	put_query_edns(&query, "A.org", TYPE_MX, 1232);
	answer_length = dns_fail(query.bytes, query.length, answer);
	assert_answer("2");
	answer_length = dns_fail(query.bytes, 5, answer);
	assert_int_equal(answer_length, 0);
	answer_length = dns_fail(query.bytes, 15, answer);
	assert_int_equal(answer_length, 12);
	assert_memory_equal(answer, "\x12\x34\x81\x82\0\0\0\0\0\0\0\0", 12);
}

/* An answer of a server, of some length; returns what the client gets. */
static const uint8_t *fit(size_t length, size_t *fitting)
{
	static struct message large;

	large = query;
	put_header(&large, 0x1234, FLAG_QR | FLAG_AA | FLAG_RD | FLAG_RA | FLAG_AD | 3, (const unsigned[]){1, 9, 0, 0});
	large.length = length;
	*fitting = length;
	return dns_fit(query.bytes, query.length, large.bytes, fitting, answer);
}

static void test_size_by_udp(void **state)
{
	(void)state;
	const struct {
		unsigned size; /* that the client takes; 0: no EDNS */
		size_t limit;
	} sizes[] = {{0, 512}, {100, 512}, {512, 512}, {800, 800}, {1232, 1232}, {4096, 1232}, {65535, 1232}};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t length = 0;

		if (sizes[i].size == 0)
			put_query(&query, "large.org", TYPE_TXT);
		else
			put_query_edns(&query, "large.org", TYPE_TXT, sizes[i].size);
		assert_ptr_not_equal(fit(sizes[i].limit, &length), answer);
		assert_int_equal(length, sizes[i].limit);
		assert_ptr_equal(fit(sizes[i].limit + 1, &length), answer);
		assert_int_equal(length, query.length);
		assert_int_equal(number_at(answer, 2), FLAG_QR | FLAG_AA | FLAG_TC | FLAG_RD | FLAG_RA | FLAG_AD | 3);
		answer[2] = (uint8_t)((FLAG_QR | FLAG_RD) >> 8);
		answer[3] = FLAG_RA;
		answer_length = length;
		assert_answer("0");
		assert_ptr_equal(fit(65535, &length), answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_addresses, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_case_is_kept_and_means_nothing, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_other_types, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_meta_types, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_this_host, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_names_that_are_not_resolved, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_names_that_look_special, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_longest_name, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_names_of_addresses, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_full_map, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_one_family, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_flags, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_classes, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_edns, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_without_fake_addresses, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_failures, open_map, close_map),
		cmocka_unit_test_setup_teardown(test_size_by_udp, open_map, close_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
