/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

enum { ERRNO_MAX = 4095 }; /* include/linux/err.h, MAX_ERRNO */

int netlink_open(struct netlink *netlink, int protocol, int flags)
{
	struct mnl_socket *socket = mnl_socket_open2(protocol, SOCK_CLOEXEC | flags);
	int result = 0;

	if (socket == NULL)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		result = -errno;
		mnl_socket_close(socket);
		return result;
	}
	*netlink = (struct netlink){.socket = socket, .port = mnl_socket_get_portid(socket)};
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket != NULL)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
	netlink->port = 0;
}

int netlink_fd(const struct netlink *netlink)
{
	return netlink->socket != NULL ? mnl_socket_get_fd(netlink->socket) : -1;
}

int netlink_set(struct netlink *netlink, int option, int value)
{
	return mnl_socket_setsockopt(netlink->socket, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

int netlink_send(struct netlink *netlink, const void *data, size_t length)
{
	ssize_t sent = 0;

	do {
		sent = mnl_socket_sendto(netlink->socket, data, length);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

ssize_t netlink_receive(struct netlink *netlink, void *buffer, size_t size, int flags)
{
	struct iovec part = {.iov_base = buffer, .iov_len = size};
	struct msghdr datagram = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t length = 0;

	do {
		length = recvmsg(netlink_fd(netlink), &datagram, flags);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return (datagram.msg_flags & MSG_TRUNC) != 0 ? -ENOSPC : length;
}

void netlink_drain(struct netlink *netlink)
{
	ssize_t length = 0;
	char byte = 0;

	do {
		length = netlink_receive(netlink, &byte, sizeof(byte), MSG_DONTWAIT);
	} while (length >= 0 || length == -ENOSPC || length == -ENOBUFS);
}

int netlink_ask(struct netlink *netlink, struct nlmsghdr *message)
{
	message->nlmsg_seq = ++netlink->sequence;
	return netlink_send(netlink, message, message->nlmsg_len);
}

/*
 * Both messages that end an answer begin with a negative errno or 0. libmnl ignores it at the end of a list, so a list
 * that the kernel aborted would pass as complete (net/netlink/af_netlink.c, netlink_dump_done).
 */
static int take_end(const struct nlmsghdr *message, void *data)
{
	int error = -EBADMSG;

	(void)data;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	if (error == 0)
		return MNL_CB_STOP;
	errno = error < 0 && error >= -ERRNO_MAX ? -error : EBADMSG;
	return MNL_CB_ERROR;
}

/* libmnl stops reading where the kernel flags that the list has changed, and the rest would stay unread. */
static void take_off_changed(struct nlmsghdr *message, size_t length, bool *changed)
{
	int left = (int)length;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (changed != NULL && (message->nlmsg_flags & NLM_F_DUMP_INTR))
			*changed = true;
		message->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
}

int netlink_no_memory(void)
{
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

int netlink_read(struct netlink *netlink, const struct netlink_reader *reader)
{
	mnl_cb_t ends[] = {[NLMSG_ERROR] = take_end, [NLMSG_DONE] = take_end};
	char buffer[NETLINK_RECEIVE_SIZE] __attribute__((aligned(8)));
	const size_t size = reader->size != 0 ? reader->size : sizeof(buffer);
	ssize_t length = netlink_receive(netlink, buffer, size, 0);
	int more = MNL_CB_OK;

	if (length < 0)
		return (int)length;
	take_off_changed((struct nlmsghdr *)buffer, (size_t)length, reader->changed);
	more = mnl_cb_run2(buffer, (size_t)length, netlink->sequence, netlink->port, reader->note, reader->data, ends,
			   sizeof(ends) / sizeof(ends[0]));
	return more == MNL_CB_ERROR ? -errno : more == MNL_CB_OK;
}

int netlink_request(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t note, void *data)
{
	bool changed = false;
	const struct netlink_reader reader = {.note = note, .data = data, .changed = &changed};
	int result = netlink_ask(netlink, message);

	if (result < 0)
		return result;
	do {
		result = netlink_read(netlink, &reader);
	} while (result > 0);
	if (result < 0)
		netlink_drain(netlink);
	return result == 0 && changed ? -EINTR : result;
}

int netlink_hear(struct netlink *netlink, mnl_cb_t note, void *data)
{
	char buffer[NETLINK_RECEIVE_SIZE] __attribute__((aligned(8)));
	ssize_t length = netlink_receive(netlink, buffer, sizeof(buffer), 0);

	if (length < 0)
		return length == -EAGAIN ? 0 : (int)length;
	mnl_cb_run(buffer, (size_t)length, 0, 0, note, data);
	return 1;
}
