/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/links.h"

#include "util/array.h"
#include "util/cleanup.h"
#include "util/loopback.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct link *find_link(const struct links *links, uint32_t index)
{
	for (size_t i = 0; i < links->count; i++) {
		if (links->items[i].index == index)
			return &links->items[i];
	}
	return NULL;
}

static bool read_flag(const struct nlattr *attribute)
{
	return mnl_attr_get_payload_len(attribute) >= sizeof(uint8_t) && mnl_attr_get_u8(attribute) != 0;
}

static void read_bridge(struct link *link, const struct nlattr *data)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each_nested(attribute, data)
	{
		if (mnl_attr_get_type(attribute) == IFLA_BR_NF_CALL_IPTABLES)
			link->filters_ip = read_flag(attribute);
		if (mnl_attr_get_type(attribute) == IFLA_BR_NF_CALL_IP6TABLES)
			link->filters_ip6 = read_flag(attribute);
	}
}

/* The kind comes before the data. */
static void read_kind(struct link *link, const struct nlattr *info)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each_nested(attribute, info)
	{
		if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
			link->is_bridge = strcmp(mnl_attr_get_str(attribute), "bridge") == 0;
			link->is_veth = strcmp(mnl_attr_get_str(attribute), "veth") == 0;
		}
		if (mnl_attr_get_type(attribute) == IFLA_INFO_DATA && link->is_bridge)
			read_bridge(link, attribute);
	}
}

static int note_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;
	struct links *links = data;
	struct link link = {0};
	struct link *items = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->ifi_index == LOOPBACK_INDEX)
		return MNL_CB_OK;
	link.index = (uint32_t)head->ifi_index;
	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_type(attribute) == IFLA_IFNAME &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			strncpy(link.name, mnl_attr_get_str(attribute), sizeof(link.name) - 1);
		if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
			read_kind(&link, attribute);
	}
	items = array_reserve(links->items, &links->capacity, links->count + 1, sizeof(*items));
	if (items == NULL)
		return netlink_no_memory();
	links->items = items;
	items[links->count++] = link;
	return MNL_CB_OK;
}

static void forget_links(void *data)
{
	((struct links *)data)->count = 0;
}

static int list_links(struct rtnetlink *rtnetlink, struct links *links)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return rtnetlink_dump(rtnetlink, message, note_link, forget_links, links);
}

static bool is_lasting(const struct ifaddrmsg *head)
{
	return head->ifa_scope == RT_SCOPE_UNIVERSE && (head->ifa_flags & IFA_F_PERMANENT) != 0;
}

/* Of IPv4, IFA_LOCAL is the host's own; of IPv6, that is listed only if there is a peer. */
static int note_address(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;
	const struct nlattr *address = NULL;
	struct link *link = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return MNL_CB_OK;
	link = find_link(data, head->ifa_index);
	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_type(attribute) == IFA_LOCAL ||
		    (mnl_attr_get_type(attribute) == IFA_ADDRESS && address == NULL))
			address = attribute;
	}
	if (link == NULL || address == NULL)
		return MNL_CB_OK;
	if (head->ifa_family == AF_INET && !link->has_ip && mnl_attr_get_payload_len(address) == sizeof(link->ip)) {
		memcpy(&link->ip, mnl_attr_get_payload(address), sizeof(link->ip));
		link->has_ip = true;
	}
	if (head->ifa_family == AF_INET6 && !link->has_ip6 && is_lasting(head) &&
	    mnl_attr_get_payload_len(address) == sizeof(link->ip6)) {
		memcpy(&link->ip6, mnl_attr_get_payload(address), sizeof(link->ip6));
		link->has_ip6 = true;
	}
	return MNL_CB_OK;
}

static void forget_addresses(void *data)
{
	struct links *links = data;

	for (size_t i = 0; i < links->count; i++)
		links->items[i].has_ip = links->items[i].has_ip6 = false;
}

static int add_addresses(struct rtnetlink *rtnetlink, struct links *links)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return rtnetlink_dump(rtnetlink, message, note_address, forget_addresses, links);
}

static int note_forwarding(const struct nlmsghdr *message, void *data)
{
	const struct netconfmsg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;
	struct links *links = data;
	struct link *link = NULL;
	int32_t index = NETCONFA_IFINDEX_DEFAULT;
	bool forwards = false;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_payload_len(attribute) < sizeof(uint32_t))
			continue;
		if (mnl_attr_get_type(attribute) == NETCONFA_IFINDEX)
			index = (int32_t)mnl_attr_get_u32(attribute);
		if (mnl_attr_get_type(attribute) == NETCONFA_FORWARDING)
			forwards = mnl_attr_get_u32(attribute) != 0;
	}
	link = index > 0 ? find_link(links, (uint32_t)index) : NULL;
	if (link != NULL && head->ncm_family == AF_INET)
		link->forwards_ip = forwards;
	if (index == NETCONFA_IFINDEX_ALL && head->ncm_family == AF_INET6)
		links->forwards_ip6 = forwards;
	return MNL_CB_OK;
}

/* All settings are listed again, so there is nothing to forget. */
static void forget_nothing(void *data)
{
	(void)data;
}

static int add_forwarding(struct rtnetlink *rtnetlink, struct links *links, int family)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct netconfmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	int result = 0;

	message->nlmsg_type = RTM_GETNETCONF;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->ncm_family = (uint8_t)family;
	result = rtnetlink_dump(rtnetlink, message, note_forwarding, forget_nothing, links);
	return rtnetlink_has_no_family(result) ? 0 : result;
}

int links_read(struct links *links)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int result = list_links(&rtnetlink, links);

	if (result == 0)
		result = add_addresses(&rtnetlink, links);
	if (result == 0)
		result = add_forwarding(&rtnetlink, links, AF_INET);
	return result == 0 ? add_forwarding(&rtnetlink, links, AF_INET6) : result;
}

void links_clear(struct links *links)
{
	free(links->items);
	*links = (struct links){0};
}
