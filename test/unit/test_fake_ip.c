/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The relay's fake addresses: who gets which, and who loses theirs. Their file is in test_fake_ip_file.c. */

#include "unit.h"

#include "fake_names.h"

static void assert_unknown(const struct fake_ip *map, const char *address)
{
	const struct endpoint endpoint = endpoint_of(address);

	assert_null(fake_ip_find(map, &endpoint));
}

static void test_a_name_has_one_address_of_each_family(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(100, NULL, start);
	struct fake_name *first = take(map, "example.org", start);
	struct fake_name *second_name = take(map, "a.example.org", start);

	assert_ptr_equal(take(map, "example.org", start + second), first);
	assert_ptr_not_equal(first, second_name);
	assert_address(map, first, "198.18.0.1");
	assert_address(map, first, "fc00::1");
	assert_address(map, second_name, "198.18.0.2");
	assert_address(map, second_name, "fc00::2");
	assert_int_equal(fake_ip_count(map), 2);
	fake_ip_free(map, start);
}

static void test_addresses_of_nobody(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(100, NULL, start);
	const struct {
		const char *address;
		bool is_covered;
	} addresses[] = {
		{"198.18.0.0", true},
		{"198.18.0.2", true},
		{"198.19.255.255", true},
		{"198.20.0.1", false},
		{"198.17.255.255", false},
		{"fc00::", true},
		{"fc00::2", true},
		{"fc00::1:0:1", true},
		{"fc00:1::1", true},
		{"fc00:3fff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"fc00:4000::1", false},
		{"fc01::1", false},
		{"::1", false},
		{"::ffff:198.18.0.1", false},
	};

	take(map, "example.org", start);
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const struct endpoint endpoint = endpoint_of(addresses[i].address);

		assert_unknown(map, addresses[i].address);
		assert_int_equal(fake_ip_covers(map, &endpoint), addresses[i].is_covered);
	}
	fake_ip_free(map, start);
}

static void test_networks(void **state)
{
	(void)state;
	struct fake_ip_options options;
	struct endpoint endpoint;
	struct error error;
	struct fake_ip *map = NULL;

	fake_ip_defaults(&options);
	options.ip = (struct network){.family = AF_INET, .prefix = 29};
	inet_pton(AF_INET, "10.1.2.248", &options.ip.ip);
	options.ip6.prefix = 0;
	map = fake_ip_new(&options, start, &error);
	assert_non_null(map);
	assert_address(map, take(map, "a", start), "10.1.2.249");
	for (size_t i = 1; i < 6; i++) {
		const char name[] = {(char)('a' + i), '\0'};

		take(map, name, start);
	}
	assert_false(fake_ip_address(map, take(map, "a", start), AF_INET6, &endpoint));
	assert_address(map, take(map, "f", start), "10.1.2.254");
	assert_busy(map, "g", start);
	assert_unknown(map, "fc00::1");
	fake_ip_free(map, start);

	options.ip6 = (struct network){.family = AF_INET6, .prefix = 96};
	inet_pton(AF_INET6, "fd00::aa:0:0", &options.ip6.ip6);
	options.ip.prefix = 0;
	map = fake_ip_new(&options, start, &error);
	assert_address(map, take(map, "a", start), "fd00::aa:0:1");
	assert_false(fake_ip_address(map, take(map, "a", start), AF_INET, &endpoint));
	fake_ip_free(map, start);

	options.ip6.prefix = 127;
	assert_null(fake_ip_new(&options, start, &error));
	assert_string_equal(error.text, "the networks of fake addresses have no address for a name");
	options.ip6.prefix = 0;
	assert_null(fake_ip_new(&options, start, &error));
}

static void test_names(void **state)
{
	(void)state;
	const char *const good[] = {"a", "a.b", "_sip._tcp.example", "xn--bcher-kva.example", "1.2", "-"};
	const char *const bad[] = {"", ".", "a.", ".a", "a..b", "A", "a b", "a\\b", "a\n", "\xc3\xbc", "a/b"};
	char text[FAKE_IP_NAME_MAX + 2] = "";

	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(fake_ip_is_name(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(fake_ip_is_name(bad[i]));
	for (size_t i = 0; i < FAKE_IP_NAME_MAX; i++)
		text[i] = i % 64 == 63 ? '.' : 'a';
	assert_true(fake_ip_is_name(text));
	text[FAKE_IP_NAME_MAX] = 'a';
	assert_false(fake_ip_is_name(text));
	text[FAKE_IP_NAME_MAX] = '\0';
	text[63] = 'a';
	assert_false(fake_ip_is_name(text));
}

static void test_the_one_not_used_for_longest_goes(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(3, NULL, start);
	const uint64_t later = start + FAKE_IP_LEASE + 10 * second;

	take(map, "a", start);
	take(map, "b", start + second);
	take(map, "c", start + 2 * second);
	take(map, "a", start + 3 * second);
	assert_address(map, take(map, "d", later), "198.18.0.2");
	assert_string_equal(name_at(map, "198.18.0.1"), "a");
	assert_string_equal(name_at(map, "fc00::2"), "d");
	assert_address(map, take(map, "b", later), "198.18.0.3");
	assert_int_equal(fake_ip_count(map), 3);
	fake_ip_free(map, later);
}

static void test_an_address_in_use_stays(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(2, NULL, start);

	take(map, "a", start);
	take(map, "b", start + 5 * second);
	assert_busy(map, "c", start + 5 * second);
	assert_busy(map, "c", start + FAKE_IP_LEASE - 1);
	assert_int_equal(fake_ip_count(map), 2);
	take(map, "a", start + FAKE_IP_LEASE - 1);
	assert_busy(map, "c", start + FAKE_IP_LEASE);
	assert_address(map, take(map, "c", start + FAKE_IP_LEASE + 5 * second), "198.18.0.2");
	assert_busy(map, "b", start + FAKE_IP_LEASE + 5 * second);
	fake_ip_free(map, start);
}

static void test_held_addresses_stay(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(2, NULL, start);
	struct fake_name *held = take(map, "a", start);
	const uint64_t long_after = start + 100 * FAKE_IP_LEASE;

	take(map, "b", start);
	fake_ip_hold(map, held, start);
	fake_ip_hold(map, held, start);
	assert_address(map, take(map, "c", long_after), "198.18.0.2");
	fake_ip_release(map, held, long_after);
	assert_busy(map, "d", long_after + second);
	assert_address(map, take(map, "d", long_after + FAKE_IP_LEASE), "198.18.0.2");
	assert_string_equal(held->text, "a");
	take(map, "a", long_after + FAKE_IP_LEASE);
	fake_ip_release(map, held, long_after + FAKE_IP_LEASE);
	assert_busy(map, "e", long_after + FAKE_IP_LEASE + second);
	assert_address(map, take(map, "e", long_after + 2 * FAKE_IP_LEASE), "198.18.0.2");
	assert_address(map, take(map, "f", long_after + 2 * FAKE_IP_LEASE), "198.18.0.1");
	fake_ip_free(map, long_after);
}

/* While all are held, none is left. */
static void test_all_held(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(1, NULL, start);
	struct fake_name *held = take(map, "a", start);

	fake_ip_hold(map, held, start);
	assert_busy(map, "b", start + 9 * FAKE_IP_LEASE);
	assert_ptr_equal(take(map, "a", start + 9 * FAKE_IP_LEASE), held);
	fake_ip_free(map, start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_has_one_address_of_each_family),
		cmocka_unit_test(test_addresses_of_nobody),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_one_not_used_for_longest_goes),
		cmocka_unit_test(test_an_address_in_use_stays),
		cmocka_unit_test(test_held_addresses_stay),
		cmocka_unit_test(test_all_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
