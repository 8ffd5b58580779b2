/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of a relay's destinations: while a connection holds one, nobody else gets its address. */

#include "unit.h"

#include "relay/dns_service.h"
#include "relay/names.h"

enum { NAMES = 2 };

static uint64_t now;

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants this name for --wrap */
uint64_t __wrap_clock_now(void);

uint64_t __wrap_clock_now(void)
{
	return now;
}

static struct dns_service service;
static struct relay relay;

static int set_up(void **state)
{
	struct fake_ip_options options;
	struct error error;

	(void)state;
	fake_ip_defaults(&options);
	options.names_max = NAMES;
	now = 1000 * FAKE_IP_LEASE;
	service.dns.fake_ip = fake_ip_new(&options, now, &error);
	relay.dns = &service;
	return service.dns.fake_ip != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fake_ip_free(service.dns.fake_ip, now);
	return 0;
}

/* Returns whether it has one; if so, sets @endpoint to it. */
static bool give(const char *text, struct endpoint *endpoint)
{
	struct fake_name *name = NULL;

	return fake_ip_take(service.dns.fake_ip, text, now, &name) == 0 &&
	       fake_ip_address(service.dns.fake_ip, name, AF_INET, endpoint);
}

static void test_held(void **state)
{
	struct endpoint held;
	struct endpoint left;
	struct endpoint other;

	(void)state;
	assert_true(give("held.test", &held));
	assert_true(give("left.test", &left));
	assert_false(give("third.test", &other));
	names_hold(&relay, &held);
	names_hold(&relay, &held);
	names_release(&relay, &held);
	now += 2 * FAKE_IP_LEASE;
	assert_true(give("third.test", &other)); /* that of left.test */
	assert_memory_equal(&other.ip, &left.ip, sizeof(left.ip));
	now += 2 * FAKE_IP_LEASE;
	assert_true(give("fourth.test", &other));
	assert_string_equal(relay_name_of(&relay, &held), "held.test");
	names_release(&relay, &held);
	now += FAKE_IP_LEASE - 1;
	assert_true(give("fourth.test", &other));
	assert_false(give("fifth.test", &other)); /* it was used when it was released */
	now += 1;
	assert_true(give("fifth.test", &other));
	assert_memory_equal(&other.ip, &held.ip, sizeof(held.ip));
	assert_string_equal(relay_name_of(&relay, &held), "fifth.test");
}

static void test_use(void **state)
{
	struct endpoint used;
	struct endpoint other;

	(void)state;
	assert_true(give("used.test", &used));
	assert_true(give("other.test", &other));
	for (int i = 0; i < 10; i++) { /* as datagrams do */
		now += FAKE_IP_LEASE - 1;
		assert_string_equal(relay_name_of(&relay, &used), "used.test");
	}
	assert_true(give("third.test", &other));
	assert_false(give("fourth.test", &other));
	assert_string_equal(relay_name_of(&relay, &used), "used.test");
}

static void test_other_addresses(void **state)
{
	struct endpoint fake = {.family = AF_INET, .ip = {htonl(0xc6120063)}};
	struct endpoint real = {.family = AF_INET, .ip = {htonl(0xc0000201)}};

	(void)state;
	assert_true(relay_is_fake(&relay, &fake));
	assert_null(relay_name_of(&relay, &fake));
	assert_false(relay_is_fake(&relay, &real));
	assert_null(relay_name_of(&relay, &real));
	names_hold(&relay, &real);
	names_release(&relay, &real);
	relay.dns = NULL;
	assert_false(relay_is_fake(&relay, &fake));
	assert_null(relay_name_of(&relay, &fake));
	names_hold(&relay, &fake);
	names_release(&relay, &fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_addresses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
