/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/rtnetlink.h"

#include "util/address.h"
#include "util/loopback.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

enum { DUMPS_MAX = 50 };

uint32_t rtnetlink_port(const struct rtnetlink *rtnetlink)
{
	return rtnetlink->netlink.port;
}

void rtnetlink_close(struct rtnetlink *rtnetlink)
{
	netlink_close(&rtnetlink->netlink);
}

static int open_socket(struct rtnetlink *rtnetlink)
{
	int result = 0;

	if (netlink_fd(&rtnetlink->netlink) >= 0)
		return 0;
	result = netlink_open(&rtnetlink->netlink, NETLINK_ROUTE, 0);
	/* makes the kernel filter the routes, of which there may be a million (since Linux 4.20) */
	if (result == 0)
		netlink_set(&rtnetlink->netlink, NETLINK_GET_STRICT_CHK, 1);
	return result;
}

int rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	int result = open_socket(rtnetlink);

	return result < 0 ? result : netlink_request(&rtnetlink->netlink, message, callback, data);
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

bool rtnetlink_has_no_family(int result)
{
	return result == -EAFNOSUPPORT || result == -EOPNOTSUPP;
}

int rtnetlink_ignore_missing(int result)
{
	return result == -ENOENT || result == -ESRCH ? 0 : result;
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

static const void *find_address(const struct nlmsghdr *message, uint16_t type)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_type(attribute) == type &&
		    mnl_attr_get_payload_len(attribute) == address_size(head->ifa_family))
			return mnl_attr_get_payload(attribute);
	}
	return NULL;
}

/* An address of IPv4 is listed as IFA_LOCAL; of IPv6, as IFA_ADDRESS, unless there is a peer. */
const void *rtnetlink_address(const struct nlmsghdr *message)
{
	const void *address = find_address(message, IFA_LOCAL);

	return address != NULL ? address : find_address(message, IFA_ADDRESS);
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
