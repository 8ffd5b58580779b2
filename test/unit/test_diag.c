/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Lists of sockets that change while they are read. */

#include "unit.h"

#include "socket/diag.h"
#include "socket/listeners.h"
#include "socket/marks.h"
#include "socket/sockets.h"
#include "socket/tcp_traffic.h"

#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The kernel's side, which takes the place of libmnl's and libc's (meson.build, wrapped). */
static struct {
	int changes; /* lists that change while they are read, from the first on */
	int asked;
} fake;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *buffer, size_t length);
ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *buffer, size_t length)
{
	(void)socket;
	(void)buffer;
	fake.asked++;
	return (ssize_t)length;
}

/* One socket, and the end. */
ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags)
{
	const uint16_t changed = fake.asked <= fake.changes ? NLM_F_DUMP_INTR : 0;
	char *buffer = datagram->msg_iov->iov_base;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct inet_diag_msg *head = NULL;
	size_t length = 0;
	const int error = 0;

	(void)fd;
	(void)flags;
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags |= changed;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->idiag_inode = 1;
	head->idiag_family = AF_INET;
	mnl_attr_put_u32(message, INET_DIAG_MARK, 1);
	length = MNL_ALIGN(message->nlmsg_len);
	message = mnl_nlmsg_put_header(buffer + length);
	message->nlmsg_type = NLMSG_DONE;
	message->nlmsg_flags |= changed;
	memcpy(mnl_nlmsg_put_extra_header(message, sizeof(error)), &error, sizeof(error));
	assert_true(length + message->nlmsg_len <= datagram->msg_iov->iov_len);
	return (ssize_t)(length + message->nlmsg_len);
}

static size_t count_listeners(void)
{
	struct listeners listeners = {0};
	size_t count = 0;

	assert_int_equal(listeners_find_tcp(&listeners), 0);
	count = listeners.count;
	listeners_clear(&listeners);
	return count;
}

static size_t count_marks(void)
{
	struct socket_marks marks = {0};

	assert_int_equal(marks_find(&marks), 0);
	free(marks.items);
	return marks.count;
}

static size_t count_cgroups(void)
{
	struct socket_cgroups sockets = {0};

	assert_int_equal(sockets_find_all(&sockets), 0);
	free(sockets.ids);
	return sockets.count;
}

static size_t count_connections(void)
{
	struct tcp_traffics traffics = {0};

	assert_int_equal(tcp_traffic_read(&traffics), 0);
	free(traffics.items);
	return traffics.count;
}

/* Each list is counted once, however often it is read. */
static void reads_again_what_has_changed(void **state)
{
	static const struct {
		size_t (*count)(void);
		int lists;
	} cases[] = {{count_listeners, 2}, {count_marks, 4}, {count_cgroups, 4}, {count_connections, 2}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int changes = 0; changes < DIAG_TRIES; changes++) {
			fake.asked = 0;
			fake.changes = changes;
			assert_int_equal(cases[i].count(), cases[i].lists);
			assert_int_equal(fake.asked, cases[i].lists + changes);
		}
	}
}

/* What there is then is better than nothing. */
static void gives_up_at_some_time(void **state)
{
	(void)state;
	fake.asked = 0;
	fake.changes = 1000;
	assert_int_equal(count_listeners(), 2);
	assert_int_equal(fake.asked, 2 * DIAG_TRIES);
	fake.asked = 0;
	assert_int_equal(count_connections(), 2);
	assert_int_equal(fake.asked, 2 * DIAG_TRIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_again_what_has_changed),
		cmocka_unit_test(gives_up_at_some_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
