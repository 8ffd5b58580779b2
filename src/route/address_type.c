/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/address_type.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static int note_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	enum address_type *type = data;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*route))
		return MNL_CB_OK;
	if (route->rtm_type == RTN_LOCAL)
		*type = ADDRESS_LOCAL;
	else if (route->rtm_type == RTN_BROADCAST)
		*type = ADDRESS_BROADCAST;
	else if (route->rtm_type == RTN_MULTICAST)
		*type = ADDRESS_MULTICAST;
	else if (route->rtm_type == RTN_UNICAST || route->rtm_type == RTN_ANYCAST)
		*type = ADDRESS_REMOTE;
	return MNL_CB_OK;
}

/* Without a route, or with one that refuses (unreachable, prohibit, blackhole), the answer is an error. */
static bool is_unreachable(int result)
{
	return result == -ENETUNREACH || result == -EHOSTUNREACH || result == -EACCES || result == -EINVAL ||
	       rtnetlink_has_no_family(result);
}

int address_type_find(struct rtnetlink *rtnetlink, const struct endpoint *address, enum address_type *type)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	const size_t size = address_size(address->family);
	enum address_type found = ADDRESS_UNREACHABLE;
	int result = 0;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->rtm_family = (uint8_t)address->family;
	head->rtm_dst_len = (uint8_t)(8 * size);
	mnl_attr_put(message, RTA_DST, size, &address->ip6);
	result = rtnetlink_request(rtnetlink, message, note_route, &found);
	if (result < 0 && !is_unreachable(result))
		return result;
	*type = found;
	return 0;
}
