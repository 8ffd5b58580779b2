/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What is known of containers when messages are lost, late, false or too many, and when memory is short. */

#include "network_steps.h"

#include "container/addresses.h"
#include "container/interfaces.h"
#include "container/model.h"
#include "util/clock.h"
#include "util/log.h"

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

static void test_lost_notifications(void **state)
{
	size_t lists = 0;

	(void)state;
	fake_start_with_one();
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
	struct cgroup *cgroup = fake_start_with_one();

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
	fake_start_with_one();
	fake_remove_veth(VETH);
	fake_run_until(fake.now + 2 * USEC_PER_SEC);
	assert_int_equal(fake_count(), 0);
}

/* Without a notification, within a minute. */
static void test_lists_are_repeated(void **state)
{
	(void)state;
	fake_start_with_one();
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
	fake_start_with_one();
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
	fake_start_with_one();
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_kernel_that_looks_elsewhere, fake_open, fake_close),
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
	};

	return cmocka_run_group_tests_name("container_faults", tests, NULL, NULL);
}
