/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The kernel's interval sets refuse what overlaps, so what "bypass" lists must be one set of addresses, sorted. */

#include "random.h"
#include "rendered.h"

#include "engine/bypass.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>

struct example {
	const char *list;   /* as the config has it */
	const char *merged; /* as the set has it; "" for nothing */
};

static void check_set(const char *set, const char *type, const struct example *example)
{
	struct rendered rendered;
	char config[1024];
	char wanted[1024];

	snprintf(config, sizeof(config), "version: 1\nbypass: [%s]\n", example->list);
	snprintf(wanted, sizeof(wanted), "type %s\nflags interval\nauto-merge\n%s%s%s", type,
		 *example->merged != '\0' ? "elements = { " : "", example->merged,
		 *example->merged != '\0' ? " }\n" : "");
	rendered = render(config);
	assert_body(&rendered, set, wanted);
	rendered_clear(&rendered);
}

static void test_ipv4(void **state)
{
	static const struct example examples[] = {
		{"", ""},
		{"'::1'", ""},
		{"10.0.0.1", "10.0.0.1"},
		{"10.0.0.0/8", "10.0.0.0-10.255.255.255"},
		{"10.1.2.3/8", "10.0.0.0-10.255.255.255"}, /* host bits */
		{"10.0.0.0/31", "10.0.0.0-10.0.0.1"},
		{"192.168.0.0/16, 10.0.0.1", "10.0.0.1, 192.168.0.0-192.168.255.255"}, /* order */
		{"10.0.0.1, 10.0.0.1", "10.0.0.1"},				       /* twice */
		{"10.0.0.0/8, 10.1.0.0/16, 10.1.2.3", "10.0.0.0-10.255.255.255"},      /* nested */
		{"10.1.2.3, 10.1.0.0/16, 10.0.0.0/8", "10.0.0.0-10.255.255.255"},
		{"10.0.0.0/8, 10.0.0.0/16", "10.0.0.0-10.255.255.255"}, /* nested, with one beginning */
		{"10.0.0.0/16, 10.0.0.0/8", "10.0.0.0-10.255.255.255"},
		{"10.0.0.0/9, 10.128.0.0/9", "10.0.0.0-10.255.255.255"}, /* adjacent */
		{"10.0.0.1, 10.0.0.2, 10.0.0.3", "10.0.0.1-10.0.0.3"},
		{"10.0.0.255, 10.0.1.0", "10.0.0.255-10.0.1.0"},  /* adjacent, with a carry */
		{"10.0.0.255, 10.0.1.1", "10.0.0.255, 10.0.1.1"}, /* nearly */
		{"10.0.0.1, 10.0.0.3", "10.0.0.1, 10.0.0.3"},
		{"10.0.0.0/8, 10.255.255.255, 11.0.0.0", "10.0.0.0-11.0.0.0"},
		{"10.0.0.0/8, 10.0.0.1, 10.0.0.3", "10.0.0.0-10.255.255.255"}, /* the first is still the longest */
		{"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
		{"0.0.0.0/0, 10.0.0.1, 255.255.255.255, 0.0.0.0", "0.0.0.0-255.255.255.255"},
		{"0.0.0.0/1, 128.0.0.0/1", "0.0.0.0-255.255.255.255"},
		{"255.255.255.255", "255.255.255.255"},
		{"255.255.255.255, 0.0.0.0", "0.0.0.0, 255.255.255.255"}, /* the last has none behind it */
		{"255.255.255.254, 255.255.255.255", "255.255.255.254-255.255.255.255"},
		{"0.0.0.0", "0.0.0.0"},
		{"127.255.255.255, 128.0.0.0", "127.255.255.255-128.0.0.0"}, /* bytes are not signed */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		check_set("set bypass", "ipv4_addr", &examples[i]);
}

static void test_ipv6(void **state)
{
	static const struct example examples[] = {
		{"", ""},
		{"10.0.0.1", ""},
		{"'::1'", "::1"},
		{"'fe80::1/10'", "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"'fd00::1', '::1'", "::1, fd00::1"},
		{"'fd00::/64', 'fd00::/48'", "fd00::-fd00::ffff:ffff:ffff:ffff:ffff"},
		{"'fd00::ffff', 'fd00::1:0'", "fd00::ffff-fd00::1:0"},
		{"'fd00::1', 'fd00::3'", "fd00::1, fd00::3"},
		{"'::/0'", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"'::/1', '8000::/1'", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::'", "::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"'::ffff:10.0.0.1'", "::ffff:10.0.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		check_set("set bypass6", "ipv6_addr", &examples[i]);
}

/* Families don't mix, though their first bytes may be the same. */
static void test_both(void **state)
{
	static const struct example four = {"10.0.0.1, '0a00:2::', 10.0.0.2, 'a00:1::'", "10.0.0.1-10.0.0.2"};
	static const struct example six = {"10.0.0.1, '0a00:2::', 10.0.0.2, 'a00:1::'", "a00:1::, a00:2::"};

	(void)state;
	check_set("set bypass", "ipv4_addr", &four);
	check_set("set bypass6", "ipv6_addr", &six);
}

enum {
	SPACE = 256, /* addresses, 10.0.0.0 to 10.0.0.255 */
	ROUNDS = 300,
};

static struct config *random_bypass(uint32_t *random, bool *wanted)
{
	char text[1024] = "version: 1\nbypass: [";
	size_t length = strlen(text);
	uint32_t count = 1 + next_random(random) % 12;

	memset(wanted, 0, SPACE);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t prefix = 26 + next_random(random) % 7;
		uint32_t first = next_random(random) % SPACE;
		uint32_t size = 1U << (32 - prefix);

		length += (size_t)snprintf(text + length, sizeof(text) - length, "10.0.0.%u/%u, ", first, prefix);
		memset(&wanted[first & ~(size - 1)], true, size);
	}
	snprintf(text + length, sizeof(text) - length, "]\n");
	return parse_good(text);
}

/* Compared with the simplest model: one bool per address. */
static void test_random_lists(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		bool wanted[SPACE];
		bool covered[SPACE] = {false};
		struct config *config = random_bypass(&random, wanted);
		struct set set = {.type = SET_IPV4_INTERVALS};
		int last = -2;

		assert_int_equal(bypass_add(&set, config, AF_INET), 0);
		for (size_t i = 0; i < set.count; i += 2) {
			const int first = set.elements[i].key[3];

			assert_int_equal(set.elements[i].flags, 0);
			assert_true(first > last + 1); /* ascending, and not adjacent */
			assert_int_equal(set.elements[i + 1].flags, NFT_SET_ELEM_INTERVAL_END);
			/* what is behind the last of all addresses of the test is another one's */
			last = set.elements[i + 1].key[3] == 0 ? UINT8_MAX : set.elements[i + 1].key[3] - 1;
			assert_true(first <= last);
			for (int j = first; j <= last; j++)
				covered[j] = true;
		}
		assert_memory_equal(covered, wanted, sizeof(wanted));
		set_clear(&set);
		config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_random_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
