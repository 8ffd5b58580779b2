/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/links.h"

#include "container/netns.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define KIND "veth"
/* An interface in a VRF stays the one that packets arrive on: netfilter sees them there first (drivers/net/vrf.c). */
#define KIND_VRF "vrf"

enum { REQUEST_SIZE = 128 };

struct link_attributes {
	uint32_t other_end; /* its index in its network namespace; 0: unknown */
	int32_t netns;	    /* of the other end; NETNS_NONE: ours */
	uint32_t master;    /* 0: none */
	int32_t moved_to;   /* NETNS_NONE: it was not moved */
	bool is_veth;
	bool is_in_vrf;
};

static bool has_text(const struct nlattr *attribute, const char *text)
{
	return mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 && strcmp(mnl_attr_get_str(attribute), text) == 0;
}

static void read_kinds(const struct nlattr *info, struct link_attributes *link)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each_nested(attribute, info)
	{
		if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
			link->is_veth = has_text(attribute, KIND);
		else if (mnl_attr_get_type(attribute) == IFLA_INFO_SLAVE_KIND)
			link->is_in_vrf = has_text(attribute, KIND_VRF);
	}
}

static void read_attribute(const struct nlattr *attribute, struct link_attributes *link)
{
	const uint16_t type = mnl_attr_get_type(attribute);

	if (type == IFLA_LINKINFO) {
		read_kinds(attribute, link);
		return;
	}
	if (mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
		return;
	if (type == IFLA_LINK)
		link->other_end = mnl_attr_get_u32(attribute);
	else if (type == IFLA_LINK_NETNSID)
		link->netns = (int32_t)mnl_attr_get_u32(attribute);
	else if (type == IFLA_MASTER)
		link->master = mnl_attr_get_u32(attribute);
	else if (type == IFLA_NEW_NETNSID)
		link->moved_to = (int32_t)mnl_attr_get_u32(attribute);
}

/*
 * Both ends tell of each other in their messages (net/core/rtnetlink.c, rtnl_fill_link_netnsid), which gives the
 * namespace an id if it has none yet. When one end is moved away there is no message about the other, only one that it
 * is gone from here, with where to (__dev_change_net_namespace). When it is moved on from there, ours loses its carrier
 * or gets it back, if it is up.
 *
 * Messages of the family AF_BRIDGE are about ports: their removal is not that of the interface.
 */
bool link_read(const struct nlmsghdr *message, struct link_state *state)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
	struct link_attributes link = {.netns = NETNS_NONE, .moved_to = NETNS_NONE};
	const struct nlattr *attribute = NULL;
	bool leads_away = false;

	if ((message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->ifi_family != AF_UNSPEC || head->ifi_index <= 0)
		return false;
	mnl_attr_for_each (attribute, message, sizeof(*head))
		read_attribute(attribute, &link);
	leads_away = link.is_veth && link.netns >= 0;
	*state = (struct link_state){.index = (uint32_t)head->ifi_index, .netns = NETNS_NONE};
	state->bridged = link.master != 0 && !link.is_in_vrf;
	state->iif = state->bridged ? link.master : state->index;
	if (message->nlmsg_type == RTM_NEWLINK)
		state->netns = leads_away ? link.netns : NETNS_NONE;
	else if (link.is_veth && !leads_away && link.moved_to >= 0)
		state->other_end = link.other_end;
	return true;
}

static struct nlmsghdr *begin_request(char *buffer, uint16_t flags, uint32_t index)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	head->ifi_index = (int)index;
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return message;
}

struct answer {
	struct link_state *state;
	bool exists;
};

static int note_link(const struct nlmsghdr *message, void *data)
{
	struct answer *answer = data;

	answer->exists = link_read(message, answer->state);
	return MNL_CB_OK;
}

int link_ask(struct netlink *asking, uint32_t index, struct link_state *state)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct answer answer = {.state = state};
	int result = netns_ask(asking, begin_request(buffer, 0, index), note_link, &answer);

	if (result < 0)
		return result;
	return answer.exists && state->index == index ? 0 : -ENODEV;
}

int links_request(struct netlink *netlink)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_request(buffer, NLM_F_DUMP, 0);
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);

	mnl_attr_put_strz(message, IFLA_INFO_KIND, KIND);
	mnl_attr_nest_end(message, info);
	return netlink_ask(netlink, message);
}
