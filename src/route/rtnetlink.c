/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/rtnetlink.h"

#include "util/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

enum {
	RECEIVE_SIZE = 32 * 1024,
	DUMPS_MAX = 50,
};

static int open_socket(struct rtnetlink *rtnetlink)
{
	int on = 1;

	if (rtnetlink->socket != NULL)
		return 0;
	rtnetlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (rtnetlink->socket == NULL)
		return -errno;
	if (mnl_socket_bind(rtnetlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int result = -errno;

		rtnetlink_close(rtnetlink);
		return result;
	}
	/* lets the kernel choose the routes to list, which may be a million (since Linux 4.20) */
	mnl_socket_setsockopt(rtnetlink->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

uint32_t rtnetlink_port(const struct rtnetlink *rtnetlink)
{
	return rtnetlink->socket != NULL ? mnl_socket_get_portid(rtnetlink->socket) : 0;
}

void rtnetlink_close(struct rtnetlink *rtnetlink)
{
	if (rtnetlink->socket != NULL)
		mnl_socket_close(rtnetlink->socket);
	rtnetlink->socket = NULL;
}

/*
 * Whether a list has changed while it was listed. libmnl would leave at such a message, and what is left of the list
 * would be taken for the next answer.
 */
static bool take_interruption(char *buffer, size_t size)
{
	struct nlmsghdr *message = (struct nlmsghdr *)buffer;
	int left = (int)size;
	bool interrupted = false;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		interrupted = interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		message->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
	return interrupted;
}

/* An answer of the kernel's that is an error ends the request; any other failure leaves unread what may yet come. */
static int fail(struct rtnetlink *rtnetlink, int error, bool is_answer)
{
	if (!is_answer)
		rtnetlink_close(rtnetlink);
	return error;
}

struct answer {
	mnl_cb_t callback;
	void *data;
	int error; /* the callback's own */
};

static int take(const struct nlmsghdr *message, void *data)
{
	struct answer *answer = data;

	if (answer->callback == NULL || answer->error != 0)
		return MNL_CB_OK;
	if (answer->callback(message, answer->data) == MNL_CB_ERROR)
		answer->error = -errno;
	return MNL_CB_OK;
}

int rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
	struct answer answer = {.callback = callback, .data = data};
	bool interrupted = false;
	int more = open_socket(rtnetlink);

	if (more < 0)
		return more;
	message->nlmsg_seq = ++rtnetlink->sequence;
	while (mnl_socket_sendto(rtnetlink->socket, message, message->nlmsg_len) < 0) {
		if (errno != EINTR)
			return fail(rtnetlink, -errno, false);
	}
	for (more = MNL_CB_OK; more == MNL_CB_OK;) {
		ssize_t length = mnl_socket_recvfrom(rtnetlink->socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return fail(rtnetlink, -errno, false);
		interrupted = take_interruption(buffer, (size_t)length) || interrupted;
		more = netlink_take(buffer, (size_t)length, message->nlmsg_seq, rtnetlink_port(rtnetlink), take,
				    &answer);
	}
	if (more == MNL_CB_ERROR)
		return fail(rtnetlink, -errno, errno != EPROTO && errno != ESRCH);
	if (answer.error != 0)
		return answer.error;
	return interrupted ? -EINTR : 0;
}

int rtnetlink_dump(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback,
		   void (*restart)(void *data), void *data)
{
	int result = -EINTR;

	for (int i = 0; i < DUMPS_MAX && result == -EINTR; i++) {
		restart(data);
		result = rtnetlink_request(rtnetlink, message, callback, data);
	}
	return result == -EINTR ? -EAGAIN : result;
}

uint16_t rtnetlink_change_flags(bool add)
{
	return add ? NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL : NLM_F_REQUEST | NLM_F_ACK;
}

static int note_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
	int *is_up = data;

	if (mnl_nlmsg_get_payload_len(message) >= sizeof(*head) && head->ifi_index == LOOPBACK_INDEX)
		*is_up = (head->ifi_flags & IFF_UP) != 0;
	return MNL_CB_OK;
}

int rtnetlink_loopback_is_up(struct rtnetlink *rtnetlink)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	int is_up = 0;
	int result = 0;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->ifi_index = LOOPBACK_INDEX;
	result = rtnetlink_request(rtnetlink, message, note_link, &is_up);
	return result < 0 ? result : is_up;
}

static int note_address(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct ipv6_use *use = data;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->ifa_family != AF_INET6)
		return MNL_CB_OK;
	use->anywhere = true;
	use->on_loopback = use->on_loopback || head->ifa_index == LOOPBACK_INDEX;
	return MNL_CB_OK;
}

static void forget_addresses(void *data)
{
	struct ipv6_use *use = data;

	*use = (struct ipv6_use){0};
}

int rtnetlink_find_ipv6(struct rtnetlink *rtnetlink, struct ipv6_use *use)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->ifa_family = AF_INET6;
	return rtnetlink_dump(rtnetlink, message, note_address, forget_addresses, use);
}
