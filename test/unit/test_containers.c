/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What is known of containers, as interfaces, addresses and processes come and go. */

#include "network_steps.h"

#include "util/clock.h"

static void test_nothing(void **state)
{
	(void)state;
	fake_set_process(PID, NETNS_NONE);
	fake_add_cgroup(fake.tree.root, "one", "100\n");
	fake_start();
	fake_settle();
	assert_null(containers_next(fake.containers, NULL));
	assert_null(containers_take_changed(fake.containers));
	/* and no cgroup is looked at for it */
	fake_add_cgroup(fake.tree.root, "other", "100\n");
	fake_run_until(fake.now + 30 * USEC_PER_SEC);
	assert_int_equal(fake.pids_asked_count, 0);
	assert_int_equal(fake.poll_count, 0);
}

static void test_what_was_there(void **state)
{
	static const char *const texts[] = {"10.0.0.2"};
	const struct cgroup *cgroup = fake_start_with_one();
	const struct container *container = containers_take_changed(fake.containers);

	(void)state;
	assert_ptr_equal(container, fake_only());
	assert_null(containers_take_changed(fake.containers));
	assert_int_equal(container->number, 1);
	assert_int_equal(container->netns, NETNS);
	assert_false(container->is_gone);
	assert_int_equal(container->interface_count, 1);
	assert_interface(container, 0, VETH, VETH, false);
	assert_addresses(container, texts, 1);
	assert_cgroups(container, &cgroup, 1);
}

/* In the order that the header promises. */
static void test_order(void **state)
{
	static const char *const texts[] = {"9.9.9.9", "10.0.0.2", "2001:db8::1", "fd00::1"};
	struct cgroup *one = fake_add_cgroup(fake.tree.root, "one", "103\n");
	struct cgroup *two = fake_add_cgroup(fake.tree.root, "two", "104\n");
	const struct cgroup *const cgroups[] = {one, two};

	(void)state;
	fake_add_veth(9, NETNS);
	fake_add_veth(8, NETNS);
	fake_find_veth(8)->master = BRIDGE;
	fake_find_veth(8)->master_kind = "bridge";
	fake_add_veth(7, NETNS);
	fake_find_veth(7)->master = BRIDGE;
	fake_find_veth(7)->master_kind = "bridge";
	fake_add_address(NETNS, "fd00::1");
	fake_add_address(NETNS, "10.0.0.2");
	fake_add_address(NETNS, "2001:db8::1");
	fake_add_address(NETNS, "9.9.9.9");
	fake_add_address(NETNS, "10.0.0.2");
	fake_set_process(103, NETNS);
	fake_set_process(104, NETNS);
	fake_start();
	fake_settle();
	assert_int_equal(fake_only()->interface_count, 3);
	assert_interface(fake_only(), 0, 9, 9, false);
	assert_interface(fake_only(), 1, BRIDGE, 7, true);
	assert_interface(fake_only(), 2, BRIDGE, 8, true);
	assert_addresses(fake_only(), texts, 4);
	assert_cgroups(fake_only(), cgroups, 2);
}

/* Those that nobody else sees, can't be used, or are of another namespace. */
static void test_which_addresses(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};

	(void)state;
	fake_add_veth(VETH, NETNS);
	fake_add_veth(VETH + 1, NETNS + 1);
	fake_add_address(NETNS, "127.0.0.1");
	fake.addresses[0].scope = RT_SCOPE_HOST;
	fake_add_address(NETNS, "fe80::1");
	fake.addresses[1].scope = RT_SCOPE_LINK;
	fake_add_address(NETNS, "2001:db8::2");
	fake.addresses[2].flags = IFA_F_DADFAILED | IFA_F_TENTATIVE;
	fake_add_address(NETNS, "2001:db8::1");
	fake.addresses[3].flags = IFA_F_TENTATIVE;
	fake_add_address(NETNS, "192.0.2.1");
	fake_add_address(NETNS + 1, "192.0.2.2");
	fake_start();
	fake_settle();
	assert_addresses(containers_next(fake.containers, NULL), texts, 2);
}

static size_t count_polls_since(uint64_t begin)
{
	size_t count = 0;

	for (size_t i = 0; i < fake.poll_count; i++)
		count += fake.polls[i] >= begin;
	return count;
}

/* Addresses have no events: 1 ms after a change, 2 ms, and so on, then every two seconds. */
static void test_polling(void **state)
{
	static const char *const texts[] = {"10.0.0.2", "10.0.0.3"};
	uint64_t begin = 0;

	(void)state;
	fake_start_with_one();
	fake_run_until(fake.now + 60 * USEC_PER_SEC);
	begin = fake.now;
	fake_run_until(begin + 20 * USEC_PER_SEC - 1);
	assert_int_equal(count_polls_since(begin), 10);
	fake_forget_changes();

	fake_add_address(NETNS, "10.0.0.3");
	fake_run_until(fake.now + 2 * USEC_PER_SEC);
	assert_addresses(fake_only(), texts, 2);
	assert_ptr_equal(containers_take_changed(fake.containers), fake_only());
	assert_null(containers_take_changed(fake.containers));

	begin = fake.polls[fake.poll_count - 1];
	for (size_t i = 0; i < fake.poll_count; i++) {
		if (fake.polls[i] + 2 * USEC_PER_SEC >= fake.now && begin > fake.polls[i])
			begin = fake.polls[i];
	}
	fake_run_until(begin + 2047 * MSEC);
	assert_within(count_polls_since(begin), 10, 13);
}

static void test_an_interface_comes_and_goes(void **state)
{
	struct fake_veth veth = {.index = VETH + 1, .netns = NETNS};
	const struct container *container = NULL;

	(void)state;
	fake_start_with_one();
	fake_forget_changes();
	fake_tell_link(RTM_NEWLINK, &veth);
	fake_hear();
	assert_int_equal(fake_only()->interface_count, 2);
	assert_ptr_equal(containers_take_changed(fake.containers), fake_only());

	veth.master = BRIDGE;
	veth.master_kind = "bridge";
	fake_tell_link(RTM_NEWLINK, &veth);
	fake_hear();
	assert_interface(fake_only(), 1, BRIDGE, VETH + 1, true);
	assert_ptr_equal(containers_take_changed(fake.containers), fake_only());
	fake_tell_link(RTM_NEWLINK, &veth);
	fake_hear();
	assert_null(containers_take_changed(fake.containers));

	veth.master_kind = "vrf";
	fake_tell_link(RTM_NEWLINK, &veth);
	fake_hear();
	assert_interface(fake_only(), 1, VETH + 1, VETH + 1, false);

	fake_tell_link(RTM_DELLINK, &veth);
	fake_hear();
	assert_int_equal(fake_only()->interface_count, 1);
	fake_tell_link(RTM_DELLINK, fake_find_veth(VETH));
	fake_hear();
	assert_int_equal(fake_count(), 0);
	container = containers_take_changed(fake.containers);
	assert_true(container->is_gone);
	assert_int_equal(container->number, 1);
	assert_int_equal(container->interface_count + container->address_count + container->cgroup_count, 0);
	assert_null(containers_take_changed(fake.containers));
}

/* The kernel gives a new namespace the id of one that has ended. */
static void test_an_id_is_used_again(void **state)
{
	struct cgroup *cgroup = fake_start_with_one();
	const struct fake_veth other = {.index = VETH + 1, .netns = NETNS};

	(void)state;
	fake_forget_changes();
	fake_fill(cgroup, "");
	fake.address_count = 0;
	fake_remove_veth(VETH);
	fake_add_veth(other.index, NETNS);
	fake_tell_end(NETNS);
	fake_tell_link(RTM_NEWLINK, &other);
	fake_hear();
	assert_int_equal(fake_only()->number, 2);
	assert_int_equal(fake_only()->address_count, 0);
	assert_int_equal(fake_only()->cgroup_count, 0);
	assert_int_equal(containers_take_changed(fake.containers)->number, 1);
	assert_int_equal(containers_take_changed(fake.containers)->number, 2);
}

/* Its other end was here, and is moved away: there is no message about ours. */
static void test_a_veth_is_moved_away(void **state)
{
	const struct ifinfomsg head = {.ifi_index = VETH + 1};
	struct fake_datagram *datagram = NULL;
	struct nlmsghdr *message = NULL;

	(void)state;
	fake_start();
	fake_settle();
	fake_add_veth(VETH, NETNS);
	datagram = add_datagram(fake_news());
	message = add_message(datagram, fake_news(), RTM_DELLINK, &head, sizeof(head));
	mnl_attr_put_u32(message, IFLA_LINK, VETH);
	mnl_attr_put_u32(message, IFLA_NEW_NETNSID, NETNS);
	put_kind(message, "veth", NULL);
	end_message(datagram, message);
	fake_hear();
	assert_interface(fake_only(), 0, VETH, VETH, false);
}

/* A message about a port is not one about its interface. */
static void test_a_port_is_removed(void **state)
{
	const struct ifinfomsg head = {.ifi_family = AF_BRIDGE, .ifi_index = VETH};
	struct fake_datagram *datagram = NULL;

	(void)state;
	fake_start_with_one();
	datagram = add_datagram(fake_news());
	end_message(datagram, add_message(datagram, fake_news(), RTM_DELLINK, &head, sizeof(head)));
	fake_hear();
	assert_int_equal(fake_count(), 1);
}

/* A new address turns up among a bridge's neighbours, and the bridge knows at which port. */
static void test_a_neighbour(void **state)
{
	static const char *const texts[] = {"10.0.0.2", "10.0.0.3", "10.0.0.4"};

	(void)state;
	fake_add_veth(VETH, NETNS);
	fake_find_veth(VETH)->master = BRIDGE;
	fake_find_veth(VETH)->master_kind = "bridge";
	fake_add_address(NETNS, "10.0.0.2");
	fake_start();
	fake_settle();
	fake_run_until(fake.now + 10 * USEC_PER_SEC + 500 * MSEC);
	fake.port_answer = VETH;
	fake_tell_neighbour(BRIDGE, "10.0.0.2");     /* known already */
	fake_tell_neighbour(BRIDGE + 1, "10.0.0.3"); /* of another interface */
	fake_hear();
	assert_int_equal(fake.ports_asked, 0);
	fake_add_address(NETNS, "10.0.0.3");
	fake_tell_neighbour(BRIDGE, "10.0.0.3");
	fake_hear();
	assert_int_equal(fake.ports_asked, 1);
	assert_addresses(fake_only(), texts, 2);
	fake_add_address(NETNS, "10.0.0.4"); /* and another one right after it */
	fake_tell_neighbour(BRIDGE, "10.0.0.4");
	fake_hear();
	assert_addresses(fake_only(), texts, 3);
}

/* A container can cause any number of them: that does not have it polled without pause. */
static void test_many_neighbours(void **state)
{
	uint64_t begin = 0;

	(void)state;
	fake_start_with_one();
	fake_run_until(fake.now + 10 * USEC_PER_SEC + 500 * MSEC);
	begin = fake.now;
	for (int i = 0; i < 1000; i++) {
		fake_tell_neighbour(VETH, NULL);
		fake_run_until(fake.now + MSEC);
	}
	assert_within(count_polls_since(begin), 16, 25); /* one each 64 ms, and some at once */
	fake_lose(fake_hints());
	fake_run_until(fake.now + USEC_PER_SEC);
	assert_int_equal(fake_count(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_what_was_there, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_order, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_which_addresses, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_polling, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_an_interface_comes_and_goes, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_an_id_is_used_again, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_veth_is_moved_away, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_port_is_removed, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_neighbour, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_many_neighbours, fake_open, fake_close),
	};

	return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
