/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/neighbours.h"

#include "container/netns.h"
#include "util/address.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { REQUEST_SIZE = 64 };

/* States of what answers or has sent something; not those of entries that are configured, or wait for an answer. */
enum { HEARD = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE };

static void read_attribute(const struct nlattr *attribute, struct neighbour *neighbour)
{
	const uint16_t length = mnl_attr_get_payload_len(attribute);
	const uint16_t type = mnl_attr_get_type(attribute);

	if (type == NDA_LLADDR && length == ETH_ALEN) {
		memcpy(neighbour->mac, mnl_attr_get_payload(attribute), ETH_ALEN);
		neighbour->has_mac = true;
	}
	if (type == NDA_DST && neighbour->address.family != 0 && length == address_size(neighbour->address.family))
		memcpy(&neighbour->address.ip6, mnl_attr_get_payload(attribute), length);
}

static bool has_attribute(const struct nlmsghdr *message, uint16_t type)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, sizeof(struct ndmsg)) {
		if (mnl_attr_get_type(attribute) == type)
			return true;
	}
	return false;
}

bool neighbour_read(const struct nlmsghdr *message, struct neighbour *neighbour)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;
	bool is_port = false;

	if (message->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(message) < sizeof(*head) ||
	    head->ndm_ifindex <= 0 || !(head->ndm_state & HEARD))
		return false;
	/* entries of the family AF_BRIDGE are also those of other kinds of interfaces, which have no master */
	is_port = head->ndm_family == AF_BRIDGE && has_attribute(message, NDA_MASTER);
	if (!is_port && head->ndm_family != AF_INET && head->ndm_family != AF_INET6)
		return false;
	*neighbour = (struct neighbour){.index = (uint32_t)head->ndm_ifindex};
	neighbour->address.family = is_port ? 0 : head->ndm_family;
	mnl_attr_for_each (attribute, message, sizeof(*head))
		read_attribute(attribute, neighbour);
	return true;
}

static int note_port(const struct nlmsghdr *message, void *data)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	uint32_t *port = data;

	if (message->nlmsg_type == RTM_NEWNEIGH && mnl_nlmsg_get_payload_len(message) >= sizeof(*head) &&
	    head->ndm_ifindex > 0)
		*port = (uint32_t)head->ndm_ifindex;
	return MNL_CB_OK;
}

/* Since Linux 5.0 (net/core/rtnetlink.c, rtnl_fdb_get). */
int neighbour_port(struct netlink *asking, uint32_t bridge, const uint8_t mac[ETH_ALEN], uint32_t *port)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ndmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	int result = 0;

	*port = 0;
	head->ndm_family = AF_BRIDGE;
	message->nlmsg_type = RTM_GETNEIGH;
	message->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put(message, NDA_LLADDR, ETH_ALEN, mac);
	mnl_attr_put_u32(message, NDA_MASTER, bridge);
	result = netns_ask(asking, message, note_port, port);
	if (result < 0)
		return result;
	return *port != 0 ? 0 : -ENOENT;
}
