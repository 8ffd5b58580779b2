/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/own_address.h"

#include <errno.h>
#include <linux/rtnetlink.h>

enum { REQUEST_SIZE = 128 };

static int note_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	bool *is_own = data;

	if (message->nlmsg_type == RTM_NEWROUTE && mnl_nlmsg_get_payload_len(message) >= sizeof(*route) &&
	    route->rtm_type == RTN_LOCAL)
		*is_own = true;
	return MNL_CB_OK;
}

/* Without a route, or with one that refuses, the answer is an error. */
static bool is_no_route(int result)
{
	return result == -ENETUNREACH || result == -EHOSTUNREACH || result == -EACCES || result == -EINVAL ||
	       result == -EAFNOSUPPORT || result == -EOPNOTSUPP;
}

int own_address_find(struct netlink *netlink, const struct endpoint *address, bool *is_own)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	const struct netlink_reader reader = {.note = note_route, .data = is_own};
	const size_t size = address_size(address->family);
	int result = 0;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST; /* the answer is one message, with the route or an error */
	head->rtm_family = (uint8_t)address->family;
	head->rtm_dst_len = (uint8_t)(8 * size);
	mnl_attr_put(message, RTA_DST, size, &address->ip6);
	*is_own = false;
	result = netlink_ask(netlink, message);
	if (result >= 0)
		result = netlink_read(netlink, &reader);
	if (is_no_route(result))
		return 0;
	if (result < 0)
		netlink_drain(netlink);
	return result < 0 ? result : 0;
}
