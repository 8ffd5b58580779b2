/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/monitor.h"

#include "util/language.h"
#include "util/loopback.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int route_monitor_open(struct route_monitor *monitor, struct error *error)
{
	static const int groups[] = {RTNLGRP_LINK,	 RTNLGRP_IPV4_RULE,  RTNLGRP_IPV6_RULE,
				     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_IFADDR};
	int result = netlink_open(&monitor->netlink, NETLINK_ROUTE, SOCK_NONBLOCK);

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && result == 0; i++)
		result = netlink_set(&monitor->netlink, NETLINK_ADD_MEMBERSHIP, groups[i]);
	if (result < 0)
		return error_set(error, result, "can't subscribe to routing changes: %s", strerror(-result));
	return 0;
}

int route_monitor_fd(const struct route_monitor *monitor)
{
	return netlink_fd(&monitor->netlink);
}

void route_monitor_close(struct route_monitor *monitor)
{
	netlink_close(&monitor->netlink);
}

struct hearing {
	const struct routing *wanted;
	uint32_t own_port;
	struct route_disturbance *disturbance;
};

static uint32_t number_of(const struct nlmsghdr *message, unsigned head_size, uint16_t type)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, head_size) {
		if (mnl_attr_get_type(attribute) == type && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
			return mnl_attr_get_u32(attribute);
	}
	return 0;
}

static unsigned family_bit(unsigned char family)
{
	if (family == AF_INET)
		return 1U << FAMILY_IPV4;
	return family == AF_INET6 ? 1U << FAMILY_IPV6 : 0;
}

/* Those that may precede ours, and what a rule of the gateway leads to. A rule's priority is absent when it is 0. */
static bool rule_matters(uint32_t priority, const struct routing *wanted)
{
	return priority <= wanted->priority || (wanted->gateway != NULL && priority == MAIN_PRIORITY);
}

/* Returns the families that a message affects, or 0 if it doesn't matter. */
static unsigned what_matters(const struct nlmsghdr *message, const struct routing *wanted)
{
	const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(message);
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	size_t length = mnl_nlmsg_get_payload_len(message);

	switch (message->nlmsg_type) {
	case RTM_NEWRULE:
	case RTM_DELRULE:
		if (length < sizeof(*rule) || !rule_matters(number_of(message, sizeof(*rule), FRA_PRIORITY), wanted))
			return 0;
		return family_bit(rule->family);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (length < sizeof(*route) || number_of(message, sizeof(*route), RTA_TABLE) != wanted->table)
			return 0;
		return family_bit(route->rtm_family);
	case RTM_NEWLINK:
		if (length < sizeof(*link) || link->ifi_index != LOOPBACK_INDEX)
			return 0;
		return 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	case RTM_NEWADDR:
		return 1U << FAMILY_IPV6;
	default:
		return 0;
	}
}

static void note_owner(const struct nlmsghdr *message, struct route_owner *owner)
{
	if (message->nlmsg_pid == 0 || owner->port != 0)
		return;
	owner->port = message->nlmsg_pid;
	process_of_port(message->nlmsg_pid, owner->name);
	process_read_program(message->nlmsg_pid, owner->program);
}

static int hear(const struct nlmsghdr *message, void *data)
{
	const struct hearing *hearing = data;
	unsigned families = what_matters(message, hearing->wanted);
	uint16_t type = message->nlmsg_type;

	if (families == 0 || (hearing->own_port != 0 && message->nlmsg_pid == hearing->own_port))
		return MNL_CB_OK;
	hearing->disturbance->families |= families;
	if (type == RTM_DELRULE || type == RTM_DELROUTE)
		note_owner(message, &hearing->disturbance->removed);
	else if (type == RTM_NEWRULE || type == RTM_NEWROUTE)
		note_owner(message, &hearing->disturbance->added);
	return MNL_CB_OK;
}

static void name_if_unknown(struct route_owner *owner)
{
	if (owner->port == 0)
		snprintf(owner->name, sizeof(owner->name), "%s", _("the kernel or another program"));
}

void route_monitor_read(struct route_monitor *monitor, const struct routing *wanted, uint32_t own_port,
			struct route_disturbance *disturbance)
{
	struct hearing hearing = {wanted, own_port, disturbance};
	int result = 0;

	*disturbance = (struct route_disturbance){0};
	do {
		result = netlink_hear(&monitor->netlink, hear, &hearing);
		if (result < 0)
			disturbance->families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	} while (result > 0 || result == -ENOBUFS);
	name_if_unknown(&disturbance->removed);
	name_if_unknown(&disturbance->added);
}
