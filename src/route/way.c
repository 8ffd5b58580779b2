/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/way.h"

#include "util/address.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <sys/socket.h>

int way_look(struct rtnetlink *rtnetlink, int family)
{
	/* an address for which hardly any network has a specific route; nothing is sent there */
	static const char *const somewhere[] = {[AF_INET] = "198.51.100.1", [AF_INET6] = "2000::1"};
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	uint8_t address[sizeof(struct in6_addr)];
	const size_t size = address_size(family);

	inet_pton(family, somewhere[family], address);
	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->rtm_family = (uint8_t)family;
	head->rtm_dst_len = (uint8_t)(8 * size);
	mnl_attr_put(message, RTA_DST, size, address);
	return rtnetlink_request(rtnetlink, message, NULL, NULL);
}
