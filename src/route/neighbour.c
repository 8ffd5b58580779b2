/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/neighbour.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* The way to an address. */
struct way {
	bool is_local;
	uint32_t interface;
	struct endpoint next; /* the address itself, or the router */
};

/* In the table of neighbours. */
struct search {
	struct neighbour *neighbour;
	const struct endpoint *address; /* to look for, or NULL: look for the MAC address */
	bool is_found;
};

static int note_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;
	struct way *way = data;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*route))
		return MNL_CB_OK;
	way->is_local = route->rtm_type == RTN_LOCAL;
	mnl_attr_for_each (attribute, message, sizeof(*route)) {
		const uint16_t length = mnl_attr_get_payload_len(attribute);

		if (mnl_attr_get_type(attribute) == RTA_OIF && length == sizeof(uint32_t))
			way->interface = mnl_attr_get_u32(attribute);
		if (mnl_attr_get_type(attribute) == RTA_GATEWAY && length == address_size(way->next.family))
			memcpy(&way->next.ip6, mnl_attr_get_payload(attribute), length);
	}
	return MNL_CB_OK;
}

/* Without a route, nothing is known. */
static int find_way(struct rtnetlink *rtnetlink, const struct endpoint *address, struct way *way)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	const size_t size = address_size(address->family);
	int result = 0;

	*way = (struct way){.next = *address};
	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->rtm_family = (uint8_t)address->family;
	head->rtm_dst_len = (uint8_t)(8 * size);
	mnl_attr_put(message, RTA_DST, size, &address->ip6);
	result = rtnetlink_request(rtnetlink, message, note_route, way);
	return result == -ENOMEM || result == -EPERM ? result : 0;
}

static bool is_address(const struct nlattr *attribute, const struct endpoint *address)
{
	return mnl_attr_get_payload_len(attribute) == address_size(address->family) &&
	       memcmp(mnl_attr_get_payload(attribute), &address->ip6, address_size(address->family)) == 0;
}

static void take(struct search *search, const struct ndmsg *head, const struct nlattr *address,
		 const struct nlattr *mac)
{
	struct neighbour *neighbour = search->neighbour;

	search->is_found = true;
	neighbour->interface = (uint32_t)head->ndm_ifindex;
	if (search->address != NULL) {
		memcpy(neighbour->mac, mnl_attr_get_payload(mac), sizeof(neighbour->mac));
		neighbour->has_mac = true;
		return;
	}
	neighbour->address.family = head->ndm_family;
	memcpy(&neighbour->address.ip6, mnl_attr_get_payload(address), address_size(head->ndm_family));
}

static int note_neighbour(const struct nlmsghdr *message, void *data)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	struct search *search = data;
	const struct nlattr *attribute = NULL;
	const struct nlattr *address = NULL;
	const struct nlattr *mac = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || search->is_found)
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_type(attribute) == NDA_DST &&
		    mnl_attr_get_payload_len(attribute) == address_size(head->ndm_family))
			address = attribute;
		if (mnl_attr_get_type(attribute) == NDA_LLADDR && mnl_attr_get_payload_len(attribute) == ETH_ALEN)
			mac = attribute;
	}
	if (address == NULL || mac == NULL)
		return MNL_CB_OK;
	if (search->address != NULL ? (uint32_t)head->ndm_ifindex == search->neighbour->interface &&
					      is_address(address, search->address)
				    : memcmp(mnl_attr_get_payload(mac), search->neighbour->mac, ETH_ALEN) == 0)
		take(search, head, address, mac);
	return MNL_CB_OK;
}

static void forget_neighbour(void *data)
{
	struct search *search = data;

	search->is_found = false;
}

static int find_neighbour(struct rtnetlink *rtnetlink, int family, struct search *search)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ndmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	int result = 0;

	message->nlmsg_type = RTM_GETNEIGH;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->ndm_family = (uint8_t)family;
	result = rtnetlink_dump(rtnetlink, message, note_neighbour, forget_neighbour, search);
	return rtnetlink_has_no_family(result) ? 0 : result;
}

int neighbour_find_by_address(struct rtnetlink *rtnetlink, struct neighbour *neighbour)
{
	struct way way;
	struct search search = {.neighbour = neighbour, .address = &way.next};
	int result = find_way(rtnetlink, &neighbour->address, &way);

	if (result < 0 || way.is_local)
		return result < 0 ? result : 1;
	neighbour->interface = way.interface;
	return find_neighbour(rtnetlink, neighbour->address.family, &search);
}

int neighbour_find_by_mac(struct rtnetlink *rtnetlink, struct neighbour *neighbour)
{
	struct search search = {.neighbour = neighbour};
	int result = find_neighbour(rtnetlink, AF_INET, &search);

	if (result == 0 && !search.is_found)
		result = find_neighbour(rtnetlink, AF_INET6, &search);
	neighbour->has_mac = true;
	return result;
}
