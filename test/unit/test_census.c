/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which answers of the kernel mean that there are no sockets, and which are inconclusive. */

#include "unit.h"

#include "engine/census.h"
#include "socket/census.h"
#include "util/log.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CGROUP = 4711 };

/* The kernel's side, which takes the place of libmnl's and libc's (meson.build, wrapped). */
static struct {
	int protocol; /* that is answered otherwise */
	uint16_t type;
	int error;
	int asked; /* the current request */
	uint32_t states;
	bool interrupts; /* the next request */
} fake;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *buffer, size_t length);
ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *buffer, size_t length)
{
	const struct nlmsghdr *message = buffer;
	const struct inet_diag_req_v2 *request = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;

	(void)socket;
	if (fake.interrupts) {
		fake.interrupts = false;
		errno = EINTR;
		return -1;
	}
	fake.asked = request->sdiag_protocol;
	fake.states = request->idiag_states;
	mnl_attr_for_each (attribute, message, sizeof(*request)) {
		if (mnl_attr_get_type(attribute) == INET_DIAG_REQ_PROTOCOL)
			fake.asked = (int)mnl_attr_get_u32(attribute);
	}
	return (ssize_t)length;
}

/* One socket, if any are requested, and the end. */
ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags)
{
	const bool fails = fake.asked == fake.protocol;
	char *buffer = datagram->msg_iov->iov_base;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	size_t length = 0;
	int error = fails ? -fake.error : 0;

	(void)fd;
	(void)flags;
	if (!fails && fake.states != 0) {
		message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		mnl_nlmsg_put_extra_header(message, sizeof(struct inet_diag_msg));
		mnl_attr_put_u64(message, INET_DIAG_CGROUP_ID, CGROUP);
		length = MNL_ALIGN(message->nlmsg_len);
		message = mnl_nlmsg_put_header(buffer + length);
	}
	message->nlmsg_type = fails ? fake.type : NLMSG_DONE;
	if (message->nlmsg_type == NLMSG_ERROR) {
		struct nlmsgerr *answer = mnl_nlmsg_put_extra_header(message, sizeof(*answer));

		answer->error = error;
	} else {
		memcpy(mnl_nlmsg_put_extra_header(message, sizeof(error)), &error, sizeof(error));
	}
	assert_true(length + message->nlmsg_len <= datagram->msg_iov->iov_len);
	return (ssize_t)(length + message->nlmsg_len);
}

static void count_socket(uint64_t cgroup_id, void *userdata)
{
	int *found = userdata;

	assert_int_equal(cgroup_id, CGROUP);
	(*found)++;
}

/* Takes a census. Returns its result, and how many sockets it found. */
static int take(int protocol, uint16_t type, int error, int *found)
{
	const struct socket_listener listener = {count_socket, found};
	struct socket_census census;
	int result = 1;

	*found = 0;
	fake.protocol = protocol;
	fake.type = type;
	fake.error = error;
	assert_int_equal(socket_census_open(&census), 0);
	assert_int_equal(socket_census_begin(&census), 0);
	while (result > 0)
		result = socket_census_read(&census, &listener);
	socket_census_close(&census);
	return result;
}

static void test_all_answered(void **state)
{
	int found = 0;

	(void)state;
	assert_int_equal(take(-1, NLMSG_DONE, 0, &found), 0);
	assert_int_equal(found, 6 * 2);
}

static void test_a_signal_comes(void **state)
{
	int found = 0;

	(void)state;
	fake.interrupts = true;
	assert_int_equal(take(-1, NLMSG_DONE, 0, &found), 0);
	assert_false(fake.interrupts);
	assert_int_equal(found, 6 * 2);
}

/* The kernel reports it in either way (net/netlink/af_netlink.c, netlink_dump_done; netlink_ack). */
static const uint16_t ways[] = {NLMSG_DONE, NLMSG_ERROR};

/* Without the module that lists them (net/ipv4/inet_diag.c, inet_diag_lock_handler) there may be some all the same. */
static void test_no_list_is_no_census(void **state)
{
	static const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	int found = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		for (size_t j = 0; j < COUNT(protocols); j++) {
			assert_int_equal(take(protocols[j], ways[i], ENOENT, &found), -ENOENT);
			assert_int_equal(take(protocols[j], ways[i], ENOMEM, &found), -ENOMEM);
		}
	}
}

static void test_what_a_kernel_may_lack(void **state)
{
	static const int protocols[] = {IPPROTO_UDPLITE, IPPROTO_RAW, IPPROTO_SCTP, IPPROTO_MPTCP};
	int found = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		for (size_t j = 0; j < COUNT(protocols); j++) {
			assert_int_equal(take(protocols[j], ways[i], ENOENT, &found), 0);
			assert_int_equal(found, 5 * 2);
			assert_int_equal(take(protocols[j], ways[i], ENOMEM, &found), -ENOMEM);
		}
	}
}

static uint64_t stopped_clock(void)
{
	return 1;
}

/* It is tested at the start, which can still be refused. */
static void test_the_missing_module_is_named(void **state)
{
	static const struct {
		int protocol;
		const char *module;
	} cases[] = {{IPPROTO_TCP, "tcp_diag"}, {IPPROTO_UDP, "udp_diag"}};
	struct census census;
	struct error error;

	(void)state;
	fake.type = NLMSG_DONE;
	for (size_t i = 0; i < COUNT(cases); i++) {
		fake.protocol = cases[i].protocol;
		fake.error = ENOENT;
		assert_int_equal(census_open(&census, &error), -ENOENT);
		assert_int_equal(fake.states, 0);
		assert_non_null(strstr(error.text, cases[i].module));
		census_close(&census);
		fake.error = ENOMEM;
		assert_int_equal(census_open(&census, &error), -ENOMEM);
		assert_null(strstr(error.text, cases[i].module));
		census_close(&census);
	}
	fake.protocol = IPPROTO_SCTP;
	fake.error = ENOENT;
	assert_int_equal(census_open(&census, &error), 0);
	census_close(&census);
}

static void take_in_vain(struct census *census, struct plan *plan)
{
	census_begin(census, plan, NULL, 1);
	while (census->taken)
		assert_int_equal(census_read(census, plan, stopped_clock), 0);
}

/* Until there are more than usual, and then each time that there are twice as many. */
static void test_what_piles_up_is_told(void **state)
{
	enum { DEPARTED = 3 * TOMBSTONE_MAX };
	static const uint64_t told_at[] = {1, UINT64_C(2) * TOMBSTONE_MAX};
	FILE *log = tmpfile();
	const int before = dup(STDERR_FILENO);
	struct plan plan = {0};
	struct census census;
	struct error error;
	char line[1024];
	size_t told = 0;

	(void)state;
	assert_true(log != NULL && before >= 0);
	fake.protocol = -1;
	assert_int_equal(census_open(&census, &error), 0);
	tombstones_init(&plan.tombstones);
	fake.protocol = IPPROTO_UDP;
	fake.error = ENOENT;
	assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
	for (uint64_t id = 1; id <= DEPARTED; id++) {
		const struct tombstone tombstone = {.cgroup_id = id, .parent_id = DEPARTED + id, .has_element = true};

		tombstones_add(&plan.tombstones, &tombstone);
		if (id % (TOMBSTONE_MAX / 2) <= 1)
			take_in_vain(&census, &plan);
	}
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	/* none went */
	assert_int_equal(plan.tombstones.count, DEPARTED);
	rewind(log);
	for (; fgets(line, sizeof(line), log) != NULL; told++) {
		char number[32];

		assert_true(told < COUNT(told_at));
		snprintf(number, sizeof(number), "; %ju so far", (uintmax_t)told_at[told]);
		assert_non_null(strstr(line, number));
		assert_non_null(strstr(line, "udp_diag"));
	}
	assert_int_equal(told, COUNT(told_at));
	tombstones_clear(&plan.tombstones);
	census_close(&census);
	fclose(log);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_answered),	       cmocka_unit_test(test_no_list_is_no_census),
		cmocka_unit_test(test_what_a_kernel_may_lack), cmocka_unit_test(test_the_missing_module_is_named),
		cmocka_unit_test(test_what_piles_up_is_told),  cmocka_unit_test(test_a_signal_comes),
	};

	unsetenv("LOG_LEVEL");
	unsetenv("JOURNAL_STREAM");
	log_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
