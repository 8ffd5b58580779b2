/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/addresses.h"

#include "container/netns.h"
#include "route/rtnetlink.h"
#include "util/address.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { REQUEST_SIZE = 64 };

int address_compare(const struct container_address *one, const struct container_address *other)
{
	if (one->family != other->family)
		return one->family < other->family ? -1 : 1;
	return memcmp(&one->ip6, &other->ip6, address_size(one->family));
}

size_t addresses_find(const struct container_address *items, size_t count, const struct container_address *address)
{
	size_t low = 0;

	while (low < count) {
		const size_t middle = low + (count - low) / 2;

		if (address_compare(&items[middle], address) < 0)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

struct reading {
	struct addresses *addresses;
	int32_t netns;
};

/* What the kernel says of an address beside the head. */
struct address_attributes {
	uint32_t flags;
	int32_t netns;
};

static struct address_attributes read_attributes(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct address_attributes attributes = {.flags = head->ifa_flags, .netns = NETNS_NONE};
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
			continue;
		if (mnl_attr_get_type(attribute) == IFA_FLAGS)
			attributes.flags = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == IFA_TARGET_NETNSID)
			attributes.netns = (int32_t)mnl_attr_get_u32(attribute);
	}
	return attributes;
}

static void add(struct addresses *addresses, const struct container_address *address)
{
	const size_t at = addresses_find(addresses->items, addresses->count, address);

	if (at < addresses->count && address_compare(&addresses->items[at], address) == 0)
		return;
	addresses->left_out = addresses->count == ADDRESSES_MAX;
	if (addresses->left_out)
		return;
	memmove(&addresses->items[at + 1], &addresses->items[at],
		(addresses->count - at) * sizeof(addresses->items[0]));
	addresses->items[at] = *address;
	addresses->count++;
}

/*
 * An address whose duplicate was detected can't be used. A kernel that did not look into the other namespace does not
 * name it in the answer (net/ipv4/devinet.c, inet_fill_ifaddr).
 */
static int note_address(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	const struct reading *reading = data;
	struct address_attributes attributes;
	struct container_address address = {0};
	const void *bytes = NULL;

	if (message->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(message) < sizeof(*head) ||
	    (head->ifa_family != AF_INET && head->ifa_family != AF_INET6) || head->ifa_scope >= RT_SCOPE_LINK)
		return MNL_CB_OK;
	attributes = read_attributes(message);
	bytes = rtnetlink_address(message);
	if (bytes == NULL || attributes.netns != reading->netns || (attributes.flags & IFA_F_DADFAILED))
		return MNL_CB_OK;
	address.family = head->ifa_family;
	memcpy(&address.ip6, bytes, address_size(head->ifa_family));
	add(reading->addresses, &address);
	return MNL_CB_OK;
}

static int request(struct netlink *asking, int32_t netns)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	int result = netns_connect(asking);

	/* of any family (net/core/rtnetlink.c, rtnl_dump_all) */
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_attr_put_u32(message, IFA_TARGET_NETNSID, (uint32_t)netns);
	return result < 0 ? result : netlink_ask(asking, message);
}

int addresses_ask(struct netlink *asking, int32_t netns, struct addresses *addresses)
{
	struct reading reading = {addresses, netns};
	bool changed = false;
	const struct netlink_reader reader = {.note = note_address, .data = &reading, .changed = &changed};
	int result = request(asking, netns);

	addresses->count = 0;
	addresses->left_out = false;
	if (result == 0)
		result = 1;
	while (result > 0 && !addresses->left_out)
		result = netlink_read(asking, &reader);
	/* the kernel writes the next part of a list while this one is read; closing ends it */
	if (result != 0)
		netlink_close(asking);
	if (result > 0)
		result = 0;
	return result == 0 && changed ? -EINTR : result;
}
