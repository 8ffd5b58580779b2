/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* How one family is handled when the other one fails. */

#include "unit.h"

#include "route/route.h"
#include "route/rtnetlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum { TABLE = 300, PRIORITY = 3000 };

/* The kernel's side, an empty one, which takes the place of route/rtnetlink.c (meson.build, wrapped). */
static struct {
	int failing;	 /* AF_* */
	int lost_routes; /* of so many that are added */
	size_t rules[AF_MAX];
	size_t routes[AF_MAX];
} fake;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
int __wrap_rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data);
int __wrap_rtnetlink_dump(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback,
			  void (*restart)(void *data), void *data);
int __wrap_rtnetlink_loopback_is_up(struct rtnetlink *rtnetlink);
int __wrap_rtnetlink_find_ipv6(struct rtnetlink *rtnetlink, struct ipv6_use *use);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static int family_of(const struct nlmsghdr *message)
{
	return ((const struct rtgenmsg *)mnl_nlmsg_get_payload(message))->rtgen_family;
}

int __wrap_rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	(void)rtnetlink;
	(void)callback;
	(void)data;
	if (family_of(message) == fake.failing)
		return -ENOBUFS;
	if (message->nlmsg_type == RTM_NEWROUTE && fake.lost_routes > 0) {
		fake.lost_routes--;
		return -ENOBUFS;
	}
	fake.rules[family_of(message)] += message->nlmsg_type == RTM_NEWRULE;
	fake.routes[family_of(message)] += message->nlmsg_type == RTM_NEWROUTE;
	return 0;
}

int __wrap_rtnetlink_dump(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback,
			  void (*restart)(void *data), void *data)
{
	(void)rtnetlink;
	(void)message;
	(void)callback;
	restart(data);
	return 0;
}

int __wrap_rtnetlink_loopback_is_up(struct rtnetlink *rtnetlink)
{
	(void)rtnetlink;
	return 1;
}

int __wrap_rtnetlink_find_ipv6(struct rtnetlink *rtnetlink, struct ipv6_use *use)
{
	(void)rtnetlink;
	*use = (struct ipv6_use){true, true};
	return 0;
}

static int put_into(struct route_state *state, struct error *error)
{
	const struct fwmark mark = {.value = 3000, .mask = UINT32_MAX};
	const struct routing wanted = {.table = TABLE, .priority = PRIORITY, .marks = &mark, .mark_count = 1};
	struct rtnetlink rtnetlink = {0};

	error->text[0] = '\0';
	return route_put(&rtnetlink, &wanted, 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6, true, state, error);
}

static int put(int failing, struct error *error)
{
	struct route_state state = {0};

	memset(&fake, 0, sizeof(fake));
	fake.failing = failing;
	return put_into(&state, error);
}

static void test_each_family_is_put_right(void **state)
{
	static const struct {
		int failing, other;
		const char *name;
	} cases[] = {{AF_INET, AF_INET6, "IPv4"}, {AF_INET6, AF_INET, "IPv6"}};
	struct error error;

	(void)state;
	assert_int_equal(put(AF_UNSPEC, &error), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(fake.rules[cases[i].other], 1);
		assert_int_equal(fake.routes[cases[i].other], 1);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(put(cases[i].failing, &error), -ENOBUFS);
		assert_non_null(strstr(error.text, cases[i].name));
		assert_int_equal(fake.rules[cases[i].other], 1);
		assert_int_equal(fake.routes[cases[i].other], 1);
	}
}

static void test_a_route_is_tried_twice(void **state)
{
	struct route_state routes = {0};
	struct error error;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.lost_routes = 1;
	assert_int_equal(put_into(&routes, &error), 0);
	assert_true(routes.families[FAMILY_IPV4].route);
	assert_int_equal(routes.families[FAMILY_IPV4].route_error, 0);

	fake.lost_routes = 2;
	assert_int_equal(put_into(&routes, &error), 0);
	assert_false(routes.families[FAMILY_IPV4].route);
	assert_int_equal(routes.families[FAMILY_IPV4].route_error, -ENOBUFS);
	assert_true(routes.families[FAMILY_IPV6].route);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_family_is_put_right),
		cmocka_unit_test(test_a_route_is_tried_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
