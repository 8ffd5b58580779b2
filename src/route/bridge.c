/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/bridge.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define KIND "bridge"

static bool is_bridge(const struct nlattr *link_info)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each_nested(attribute, link_info)
	{
		if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			return strcmp(mnl_attr_get_str(attribute), KIND) == 0;
	}
	return false;
}

static int note_link(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attribute = NULL;
	bool *exists = data;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct ifinfomsg))
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
			*exists = *exists || is_bridge(attribute);
	}
	return MNL_CB_OK;
}

static void forget_link(void *data)
{
	*(bool *)data = false;
}

/* The kernel lists all interfaces where it does not know the kind, since its module is not loaded. */
int bridge_exists(struct rtnetlink *rtnetlink)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nlattr *link_info = NULL;
	bool exists = false;
	int result = 0;

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	link_info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, KIND);
	mnl_attr_nest_end(message, link_info);
	result = rtnetlink_dump(rtnetlink, message, note_link, forget_link, &exists);
	return result < 0 ? result : exists;
}
