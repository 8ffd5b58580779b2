/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/own_address.h"

#include "proxy/destination.h"
#include "util/clock.h"

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

/* FNV-1a. Who finds collisions makes the kernel be asked more often, and no more. */
static size_t place(const struct endpoint *address)
{
	const uint8_t *bytes = (const uint8_t *)&address->ip6;
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < address_size(address->family); i++)
		hash = (hash ^ bytes[i]) * 16777619U;
	return hash % OWN_ADDRESSES_KNOWN;
}

int own_addresses_find(struct own_addresses *addresses, struct netlink *netlink, const struct endpoint *address,
		       uint64_t now, bool *is_own)
{
	struct own_address_known *known = &addresses->known[place(address)];
	struct endpoint host = *address;
	int result = 0;

	host.port = 0;
	if (now < known->until && endpoint_compare(&known->address, &host) == 0) {
		*is_own = known->is_own;
		return 0;
	}
	result = own_address_find(netlink, address, is_own);
	if (result == 0)
		*known = (struct own_address_known){host, *is_own, now + USEC_PER_SEC};
	return result;
}
