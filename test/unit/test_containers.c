/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What is known of containers, as interfaces, addresses and processes come and go. */

#include "fake_network.h"

#include "container/addresses.h"
#include "container/interfaces.h"
#include "container/model.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	VETH = 7,
	NETNS = 0,
	PID = 100,
};

#define MSEC UINT64_C(1000)

static void assert_interface(const struct container *container, size_t at, uint32_t iif, uint32_t veth, bool bridged)
{
	assert_true(at < container->interface_count);
	assert_int_equal(container->interfaces[at].iif, iif);
	assert_int_equal(container->interfaces[at].veth, veth);
	assert_int_equal(container->interfaces[at].bridged, bridged);
}

static void assert_addresses(const struct container *container, const char *const *texts, size_t count)
{
	assert_int_equal(container->address_count, count);
	for (size_t i = 0; i < count; i++) {
		char text[INET6_ADDRSTRLEN];

		inet_ntop(container->addresses[i].family, &container->addresses[i].ip6, text, sizeof(text));
		assert_string_equal(text, texts[i]);
	}
}

static void assert_cgroups(const struct container *container, const struct cgroup *const *cgroups, size_t count)
{
	assert_int_equal(container->cgroup_count, count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(container->cgroups[i], cgroups[i]);
}

/* One container with a cgroup, which was there before. */
static struct cgroup *start_with_one(void)
{
	struct cgroup *cgroup = fake_add_cgroup(fake.tree.root, "one", "100\n");

	fake_add_veth(VETH, NETNS);
	fake_add_address(NETNS, "10.0.0.2");
	fake_set_process(PID, NETNS);
	fake_start();
	fake_settle();
	return cgroup;
}

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
	const struct cgroup *cgroup = start_with_one();
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

/* Those of this host must not pass for those of a container. */
static void test_a_kernel_that_looks_elsewhere(void **state)
{
	(void)state;
	fake.ignores_target = true;
	fake_add_veth(VETH, NETNS);
	fake_add_address(NETNS_NONE, "192.0.2.1");
	fake_start();
	fake_settle();
	assert_int_equal(fake_only()->address_count, 0);
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
	start_with_one();
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
	start_with_one();
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
	struct cgroup *cgroup = start_with_one();
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
	start_with_one();
	datagram = add_datagram(fake_news());
	end_message(datagram, add_message(datagram, fake_news(), RTM_DELLINK, &head, sizeof(head)));
	fake_hear();
	assert_int_equal(fake_count(), 1);
}

static void test_lost_notifications(void **state)
{
	size_t lists = 0;

	(void)state;
	start_with_one();
	fake_add_veth(VETH + 1, NETNS + 1);
	fake_remove_veth(VETH);
	lists = fake.lists;
	fake_run_until(fake.now + 1500 * MSEC);
	fake_lose(fake_news());
	fake_run_until(fake.now + USEC_PER_SEC);
	assert_int_equal(fake.lists, lists + 1);
	assert_int_equal(fake_only()->netns, NETNS + 1);
}

/* A namespace ended and the next one got its id: whatever is known may be wrong. */
static void test_an_id_is_used_again_meanwhile(void **state)
{
	static const char *const texts[] = {"10.0.0.3"};
	struct cgroup *cgroup = start_with_one();

	(void)state;
	fake_run_until(fake.now + 21 * USEC_PER_SEC);
	fake.addresses[0].text = texts[0];
	fake_fill(cgroup, "");
	fake_lose(fake_news());
	fake_run_until(fake.now + 10 * MSEC);
	assert_addresses(fake_only(), texts, 1);
	assert_int_equal(fake_only()->cgroup_count, 0);
}

/* The kernel does not know the id any more. */
static void test_an_end_without_notice(void **state)
{
	(void)state;
	start_with_one();
	fake_remove_veth(VETH);
	fake_run_until(fake.now + 2 * USEC_PER_SEC);
	assert_int_equal(fake_count(), 0);
}

/* Without a notification, within a minute. */
static void test_lists_are_repeated(void **state)
{
	(void)state;
	start_with_one();
	fake_add_veth(VETH + 1, NETNS + 1);
	fake_run_until(fake.now + 61 * USEC_PER_SEC);
	assert_int_equal(fake_count(), 2);
}

/* What is not in a list that has changed may be there all the same. */
static void test_a_list_that_changes(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		fake_add_veth(VETH + i, (int32_t)i);
	fake_start();
	fake_settle();
	fake_lose(fake_news());
	fake_remove_veth(VETH + 4);
	fake.is_changed = true;
	containers_step(fake.containers, fake_clock);
	fake_hear();
	assert_int_equal(fake_count(), 10);
	fake_run_until(fake.now + 2 * USEC_PER_SEC);
	assert_int_equal(fake_count(), 9);
}

/* What was listed before a notification was sent must not be believed after it: it waits until the list was read. */
static void test_a_notification_during_a_list(void **state)
{
	const struct fake_veth last = {.index = VETH + 9, .netns = 9};
	struct interfaces interfaces = {0};
	struct netlink asking = {0};
	struct model model;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		fake_add_veth(VETH + i, (int32_t)i);
	model_init(&model, USEC_PER_SEC);
	assert_int_equal(interfaces_open(&interfaces), 0);
	for (int i = 0; i < 4; i++) /* of the list's four datagrams, the last is written, but not read */
		interfaces_list(&interfaces, &model, fake_clock);
	fake_remove_veth(last.index);
	fake_tell_link(RTM_DELLINK, &last);
	assert_true(interfaces_is_listing(&interfaces));
	assert_false(interfaces_hear(&interfaces, &asking, &model, fake.now));
	interfaces_list(&interfaces, &model, fake_clock);
	assert_false(interfaces_is_listing(&interfaces));
	assert_int_equal(model.count, 10);
	assert_true(interfaces_hear(&interfaces, &asking, &model, fake.now));
	assert_int_equal(model.count, 9);
	interfaces_close(&interfaces);
	model_clear(&model);
}

static void test_unbelievable_messages(void **state)
{
	static const char *const texts[] = {"10.0.0.2"};
	struct ifinfomsg head = {.ifi_index = -1};
	struct fake_datagram *datagram = NULL;
	struct nlmsghdr *message = NULL;

	(void)state;
	start_with_one();
	datagram = add_datagram(fake_news());
	message = add_message(datagram, fake_news(), RTM_NEWLINK, &head, sizeof(head));
	mnl_attr_put_u32(message, IFLA_LINK_NETNSID, NETNS);
	put_kind(message, "veth", NULL);
	end_message(datagram, message);

	/* of another kind */
	datagram = add_datagram(fake_news());
	head.ifi_index = 19;
	message = add_message(datagram, fake_news(), RTM_NEWLINK, &head, sizeof(head));
	mnl_attr_put_u32(message, IFLA_LINK_NETNSID, NETNS);
	put_kind(message, "macvlan", NULL);
	end_message(datagram, message);

	/* values that are too short, and a kind that does not end */
	datagram = add_datagram(fake_news());
	head.ifi_index = 20;
	message = add_message(datagram, fake_news(), RTM_NEWLINK, &head, sizeof(head));
	mnl_attr_put_u8(message, IFLA_LINK_NETNSID, NETNS);
	put_kind(message, "veth", NULL);
	end_message(datagram, message);
	datagram = add_datagram(fake_news());
	message = add_message(datagram, fake_news(), RTM_NEWLINK, &head, sizeof(head));
	mnl_attr_put_u32(message, IFLA_LINK_NETNSID, NETNS);
	{
		struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);

		mnl_attr_put(message, IFLA_INFO_KIND, 4, "veth");
		mnl_attr_nest_end(message, info);
	}
	end_message(datagram, message);

	/* no head */
	datagram = add_datagram(fake_news());
	end_message(datagram, add_message(datagram, fake_news(), RTM_DELLINK, &head, 2));
	datagram = add_datagram(fake_news());
	end_message(datagram, add_message(datagram, fake_news(), RTM_DELNSID, &head, 0));
	datagram = add_datagram(fake_hints());
	end_message(datagram, add_message(datagram, fake_hints(), RTM_NEWNEIGH, &head, 2));
	fake_hear();
	assert_int_equal(fake_only()->interface_count, 1);
	assert_addresses(fake_only(), texts, 1);
}

/* Tells how often a message was logged. */
struct heard {
	const char *text;
	size_t count;
};

static void note_log(int priority, const char *message, void *data)
{
	struct heard *heard = data;

	(void)priority;
	heard->count += strstr(message, heard->text) != NULL;
}

static void test_too_many_addresses(void **state)
{
	static char texts[FAKE_ADDRESSES_MAX][16];
	struct heard heard = {"more than 256 addresses", 0};

	(void)state;
	log_redirect(note_log, &heard);
	fake_add_veth(VETH, NETNS);
	for (size_t i = 0; i < COUNT(texts); i++) {
		snprintf(texts[i], sizeof(texts[i]), "10.0.%zu.%zu", i / 100, i % 100 + 1);
		fake_add_address(NETNS, texts[i]);
	}
	fake_start();
	fake_settle();
	assert_int_equal(fake_only()->address_count, ADDRESSES_MAX);
	assert_true(fake.unread > 0); /* nor is the rest read */
	fake_run_until(fake.now + 10 * USEC_PER_SEC);
	assert_int_equal(heard.count, 1);

	fake.address_count = 1;
	fake_run_until(fake.now + 2 * USEC_PER_SEC);
	assert_int_equal(fake_only()->address_count, 1);
	log_redirect(NULL, NULL);
}

static void test_too_many_interfaces(void **state)
{
	struct heard heard = {"the rest is ignored", 0};

	(void)state;
	log_redirect(note_log, &heard);
	for (uint32_t i = 0; i < 300; i++)
		fake_add_veth(VETH + i, NETNS);
	fake_start();
	fake_settle();
	assert_int_equal(fake_only()->interface_count, 256);
	assert_int_equal(heard.count, 1);
	log_redirect(NULL, NULL);
}

/* Without the capability in a container's network, say. It is still there, and was still asked. */
static void test_addresses_are_refused(void **state)
{
	struct heard heard = {"can't ask for the addresses", 0};
	static const char *const texts[] = {"10.0.0.2"};

	(void)state;
	log_redirect(note_log, &heard);
	fake.address_failure = EACCES;
	start_with_one();
	fake_run_until(fake.now + 10 * USEC_PER_SEC);
	assert_int_equal(fake_only()->address_count, 0);
	assert_int_equal(heard.count, 1);
	fake.address_failure = 0;
	fake_run_until(fake.now + 2 * USEC_PER_SEC);
	assert_addresses(fake_only(), texts, 1);
	log_redirect(NULL, NULL);
}

/* Everything that happens once, with the allocation after so many failing. Returns whether there was one. */
static bool run_without_memory(size_t allocations)
{
	struct cgroup *one = fake_add_cgroup(fake.tree.root, "one", "100\n");
	struct cgroup *two = fake_add_cgroup(fake.tree.root, "two", "");
	const struct cgroup *const both[] = {one, two};
	static const char *const texts[] = {"10.0.0.2", "10.0.0.3"};
	struct error error;
	bool has_failed = false;

	fake_add_veth(VETH, NETNS);
	fake_add_address(NETNS, "10.0.0.2");
	fake_set_process(100, NETNS);
	fake_set_process(101, NETNS);
	fake.allocations = allocations;
	fake.containers = containers_new(fake.directory_fd, fake.tree.root, &error);
	if (fake.containers == NULL)
		return true;
	containers_settle(fake.containers, UINT64_MAX, fake_clock);
	fake_add_veth(VETH + 1, NETNS);
	fake_tell_link(RTM_NEWLINK, fake_find_veth(VETH + 1));
	fake_add_veth(VETH + 2, NETNS + 1);
	fake_tell_link(RTM_NEWLINK, fake_find_veth(VETH + 2));
	fake_add_address(NETNS, "10.0.0.3");
	fake_fill(two, "101\n");
	containers_entered(fake.containers, two, fake.now);
	fake_run_until(fake.now + 90 * USEC_PER_SEC);
	has_failed = fake.allocations == SIZE_MAX;
	fake.allocations = SIZE_MAX;
	assert_int_equal(fake_count(), 2);
	for (const struct container *container = containers_next(fake.containers, NULL); container != NULL;
	     container = containers_next(fake.containers, container)) {
		if (container->netns != NETNS)
			continue;
		assert_int_equal(container->interface_count, 2);
		assert_addresses(container, texts, 2);
		assert_cgroups(container, both, 2);
	}
	return has_failed;
}

/* Wherever memory is short for a moment, what could not be taken in is, later. */
static void test_no_memory(void **state)
{
	struct heard heard = {"trying again", 0};
	bool has_failed = true;

	(void)state;
	log_redirect(note_log, &heard);
	for (size_t i = 0; has_failed; i++) {
		assert_true(i < 1000);
		assert_int_equal(fake_open(NULL), 0);
		has_failed = run_without_memory(i);
		assert_int_equal(fake_close(NULL), 0);
	}
	assert_true(heard.count > 0);
	log_redirect(NULL, NULL);
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
	start_with_one();
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
		cmocka_unit_test_setup_teardown(test_a_kernel_that_looks_elsewhere, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_polling, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_an_interface_comes_and_goes, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_an_id_is_used_again, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_veth_is_moved_away, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_port_is_removed, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_lost_notifications, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_an_id_is_used_again_meanwhile, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_an_end_without_notice, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_lists_are_repeated, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_list_that_changes, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_notification_during_a_list, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_unbelievable_messages, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_too_many_addresses, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_too_many_interfaces, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_addresses_are_refused, fake_open, fake_close),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test_setup_teardown(test_a_neighbour, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_many_neighbours, fake_open, fake_close),
	};

	return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
