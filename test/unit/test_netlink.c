/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* How a request handles an answer, and that it leaves nothing of it for the next one. */

#include "unit.h"

#include "util/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

enum {
	PORT = 4711,
	ITEM = NLMSG_MIN_TYPE,
	QUEUE_MAX = 8,
};

/* A message that is one datagram, or an errno in its place. */
struct datagram {
	int error;
	uint16_t type;
	uint16_t flags;
	uint32_t sequence; /* as the first request has it: 1 */
	int code;	   /* of a message that ends an answer */
};

static struct {
	struct datagram queue[QUEUE_MAX];
	size_t count, next;
	int send_errors[2];
	size_t sent;
} fake;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *buffer, size_t length);
int __wrap_mnl_socket_get_fd(const struct mnl_socket *socket);
ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

int __wrap_mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *buffer, size_t length)
{
	(void)socket;
	(void)buffer;
	if (fake.sent < 2 && fake.send_errors[fake.sent] != 0) {
		errno = fake.send_errors[fake.sent++];
		return -1;
	}
	fake.sent++;
	return (ssize_t)length;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags)
{
	char datagram[64] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(datagram);
	const struct datagram *next = &fake.queue[fake.next];
	const size_t size = header->msg_iov->iov_len;

	(void)fd;
	if (fake.next == fake.count) {
		assert_true(flags & MSG_DONTWAIT); /* else it would wait for ever */
		errno = EAGAIN;
		return -1;
	}
	fake.next++;
	if (next->error != 0) {
		errno = next->error;
		return -1;
	}
	message->nlmsg_type = next->type;
	message->nlmsg_flags = next->flags;
	message->nlmsg_seq = next->sequence;
	message->nlmsg_pid = PORT;
	memcpy(mnl_nlmsg_put_extra_header(message, sizeof(struct nlmsgerr)), &next->code, sizeof(next->code));
	if (message->nlmsg_len <= size) {
		memcpy(header->msg_iov->iov_base, datagram, message->nlmsg_len);
		return (ssize_t)message->nlmsg_len;
	}
	header->msg_flags |= MSG_TRUNC;
	return (ssize_t)size;
}

static int note(const struct nlmsghdr *message, void *data)
{
	unsigned *noted = data;

	assert_int_equal(message->nlmsg_type, ITEM);
	(*noted)++;
	return MNL_CB_OK;
}

static int run(mnl_cb_t callback, unsigned *noted)
{
	char buffer[64] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct netlink netlink = {.socket = (struct mnl_socket *)buffer, .port = PORT};

	*noted = 0;
	return netlink_request(&netlink, message, callback, noted);
}

static void test_answers(void **state)
{
	static const struct {
		struct datagram queue[QUEUE_MAX];
		size_t count;
		int result;
		unsigned noted;
	} examples[] = {
		/* a list; an acknowledgement; what does not exist */
		{{{0, ITEM, 0, 1, 0}, {0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, 0}}, 3, 0, 2},
		{{{0, NLMSG_ERROR, 0, 1, 0}}, 1, 0, 0},
		{{{0, NLMSG_ERROR, 0, 1, -ENOENT}}, 1, -ENOENT, 0},
		/* a signal */
		{{{EINTR, 0, 0, 0, 0}, {0, ITEM, 0, 1, 0}, {EINTR, 0, 0, 0, 0}, {0, NLMSG_DONE, 0, 1, 0}}, 4, 0, 1},
		/* a list that the kernel aborted, and one that changed, whichever message reports it */
		{{{0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, -ENOMEM}}, 2, -ENOMEM, 1},
		{{{0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, INT32_MIN}}, 2, -EBADMSG, 1},
		{{{0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, ENOMEM}}, 2, -EBADMSG, 1},
		{{{0, ITEM, NLM_F_DUMP_INTR, 1, 0}, {0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, 0}}, 3, -EINTR, 2},
		{{{0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, NLM_F_DUMP_INTR, 1, 0}}, 2, -EINTR, 1},
		/* no answer to this, and what was lost; the rest is not left for the next request */
		{{{0, ITEM, 0, 7, 0}, {0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, 0}}, 3, -EPROTO, 0},
		{{{ENOBUFS, 0, 0, 0, 0}, {0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, 0}}, 3, -ENOBUFS, 0},
		{{{ENOMEM, 0, 0, 0, 0}, {EINTR, 0, 0, 0, 0}, {ENOBUFS, 0, 0, 0, 0}, {0, NLMSG_DONE, 0, 1, 0}},
		 4,
		 -ENOMEM,
		 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		unsigned noted = 0;

		memset(&fake, 0, sizeof(fake));
		memcpy(fake.queue, examples[i].queue, sizeof(fake.queue));
		fake.count = examples[i].count;
		assert_int_equal(run(note, &noted), examples[i].result);
		assert_int_equal(noted, examples[i].noted);
		assert_int_equal(fake.next, fake.count);
	}
}

/* Whoever reads a list in small pieces is told of one that is too long. */
static void test_small_pieces(void **state)
{
	static const struct datagram item = {0, ITEM, 0, 1, 0};
	char place[64] __attribute__((aligned(8))) = "";
	struct netlink netlink = {.socket = (struct mnl_socket *)place, .port = PORT, .sequence = 1};
	unsigned noted = 0;

	(void)state;
	for (size_t size = 0; size < 64; size += 16) {
		const struct netlink_reader reader = {.note = note, .data = &noted, .size = size};

		memset(&fake, 0, sizeof(fake));
		fake.queue[0] = item;
		fake.count = 1;
		assert_int_equal(netlink_read(&netlink, &reader), size == 16 || size == 32 ? -ENOSPC : 1);
	}
	assert_int_equal(noted, 2);
}

static int refuse(const struct nlmsghdr *message, void *data)
{
	(void)message;
	(void)data;
	errno = E2BIG;
	return MNL_CB_ERROR;
}

static void test_a_callback_that_fails(void **state)
{
	static const struct datagram queue[] = {{0, ITEM, 0, 1, 0}, {0, ITEM, 0, 1, 0}, {0, NLMSG_DONE, 0, 1, 0}};
	unsigned noted = 0;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	memcpy(fake.queue, queue, sizeof(queue));
	fake.count = 3;
	assert_int_equal(run(refuse, &noted), -E2BIG);
	assert_int_equal(fake.next, fake.count);
}

static void test_sending(void **state)
{
	unsigned noted = 0;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.send_errors[0] = EINTR;
	fake.queue[0] = (struct datagram){0, NLMSG_ERROR, 0, 1, 0};
	fake.count = 1;
	assert_int_equal(run(NULL, &noted), 0);
	assert_int_equal(fake.sent, 2);

	memset(&fake, 0, sizeof(fake));
	fake.send_errors[0] = ENOBUFS;
	assert_int_equal(run(NULL, &noted), -ENOBUFS);
	assert_int_equal(fake.sent, 1);
}

static void test_hearing(void **state)
{
	struct netlink netlink = {.socket = (struct mnl_socket *)&fake, .port = PORT};
	unsigned noted = 0;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.queue[0] = (struct datagram){ENOBUFS, 0, 0, 0, 0};
	fake.queue[1] = (struct datagram){EINTR, 0, 0, 0, 0};
	fake.queue[2] = (struct datagram){0, ITEM, 0, 7, 0}; /* of others' sequence */
	fake.queue[3] = (struct datagram){EAGAIN, 0, 0, 0, 0};
	fake.queue[4] = (struct datagram){ENOMEM, 0, 0, 0, 0};
	fake.count = 5;
	assert_int_equal(netlink_hear(&netlink, note, &noted), -ENOBUFS);
	assert_int_equal(netlink_hear(&netlink, note, &noted), 1);
	assert_int_equal(netlink_hear(&netlink, note, &noted), 0);
	assert_int_equal(netlink_hear(&netlink, note, &noted), -ENOMEM);
	assert_int_equal(noted, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_small_pieces),
		cmocka_unit_test(test_a_callback_that_fails),
		cmocka_unit_test(test_sending),
		cmocka_unit_test(test_hearing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
