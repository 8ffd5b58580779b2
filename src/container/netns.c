/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/netns.h"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum { REQUEST_SIZE = 64 };

int netns_connect(struct netlink *asking)
{
	int result = 0;

	if (netlink_fd(asking) >= 0)
		return 0;
	result = netlink_open(asking, NETLINK_ROUTE, SOCK_NONBLOCK);
	/* else the kernel ignores attributes of lists, so it would list our own addresses (since Linux 4.20) */
	if (result == 0)
		result = netlink_set(asking, NETLINK_GET_STRICT_CHK, 1);
	if (result < 0)
		netlink_close(asking);
	return result;
}

int netns_ask(struct netlink *asking, struct nlmsghdr *message, mnl_cb_t note, void *data)
{
	const struct netlink_reader reader = {.note = note, .data = data};
	int result = netns_connect(asking);

	if (result == 0)
		result = netlink_ask(asking, message);
	if (result == 0)
		result = netlink_read(asking, &reader);
	if (result < 0 && netlink_fd(asking) >= 0)
		netlink_drain(asking);
	return result < 0 ? result : 0;
}

/* Reads the id from a message of type RTM_NEWNSID or RTM_DELNSID. */
static int32_t read_id(const struct nlmsghdr *message)
{
	const struct nlattr *attribute = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct rtgenmsg))
		return NETNS_NONE;
	mnl_attr_for_each (attribute, message, sizeof(struct rtgenmsg)) {
		if (mnl_attr_get_type(attribute) == NETNSA_NSID && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
			return (int32_t)mnl_attr_get_u32(attribute);
	}
	return NETNS_NONE;
}

static int note_id(const struct nlmsghdr *message, void *data)
{
	int32_t *netns = data;

	if (message->nlmsg_type == RTM_NEWNSID)
		*netns = read_id(message);
	return MNL_CB_OK;
}

/* The kernel looks the process up in our process namespace (get_net_ns_by_pid()). */
int netns_of_process(struct netlink *asking, uint32_t pid, int32_t *netns)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	*netns = NETNS_NONE;
	mnl_nlmsg_put_extra_header(message, sizeof(struct rtgenmsg));
	message->nlmsg_type = RTM_GETNSID;
	message->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put_u32(message, NETNSA_PID, pid);
	return netns_ask(asking, message, note_id, netns);
}

bool netns_read_removal(const struct nlmsghdr *message, int32_t *netns)
{
	if (message->nlmsg_type != RTM_DELNSID)
		return false;
	*netns = read_id(message);
	return *netns >= 0;
}
