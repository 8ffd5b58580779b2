/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/monitor.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	LOOPBACK_INDEX = 1, /* include/net/net_namespace.h, LOOPBACK_IFINDEX */
	RECEIVE_SIZE = 32 * 1024,
};

int route_monitor_open(struct route_monitor *monitor, struct error *error)
{
	/* an IPv6 address on the loopback interface is how IPv6 begins to be there */
	static const int groups[] = {RTNLGRP_LINK,	 RTNLGRP_IPV4_RULE,  RTNLGRP_IPV6_RULE,
				     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_IFADDR};

	monitor->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (monitor->socket == NULL || mnl_socket_bind(monitor->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return error_set(error, -errno, "can't listen to changes of routing: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(monitor->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			return error_set(error, -errno, "can't listen to changes of routing: %s", strerror(errno));
	}
	return 0;
}

int route_monitor_fd(const struct route_monitor *monitor)
{
	return mnl_socket_get_fd(monitor->socket);
}

void route_monitor_close(struct route_monitor *monitor)
{
	if (monitor->socket != NULL)
		mnl_socket_close(monitor->socket);
	monitor->socket = NULL;
}

struct hearing {
	const struct routing *wanted;
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

static bool matters(const struct nlmsghdr *message, const struct routing *wanted)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	const struct ifaddrmsg *address = mnl_nlmsg_get_payload(message);
	size_t length = mnl_nlmsg_get_payload_len(message);

	switch (message->nlmsg_type) {
	case RTM_DELRULE:
		return length >= sizeof(struct fib_rule_hdr) &&
		       number_of(message, sizeof(struct fib_rule_hdr), FRA_PRIORITY) == wanted->priority;
	case RTM_DELROUTE:
		return length >= sizeof(struct rtmsg) &&
		       number_of(message, sizeof(struct rtmsg), RTA_TABLE) == wanted->table;
	case RTM_NEWLINK:
		return length >= sizeof(*link) && link->ifi_index == LOOPBACK_INDEX;
	case RTM_NEWADDR:
		return length >= sizeof(*address) && address->ifa_index == LOOPBACK_INDEX;
	default:
		return false;
	}
}

static int hear(const struct nlmsghdr *message, void *data)
{
	const struct hearing *hearing = data;

	if (!matters(message, hearing->wanted))
		return MNL_CB_OK;
	hearing->disturbance->happened = true;
	if (message->nlmsg_pid != 0 && hearing->disturbance->port == 0) {
		hearing->disturbance->port = message->nlmsg_pid;
		process_of_port(message->nlmsg_pid, hearing->disturbance->by);
	}
	return MNL_CB_OK;
}

void route_monitor_read(struct route_monitor *monitor, const struct routing *wanted,
			struct route_disturbance *disturbance)
{
	char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
	struct hearing hearing = {.wanted = wanted, .disturbance = disturbance};

	*disturbance = (struct route_disturbance){0};
	for (;;) {
		ssize_t length = mnl_socket_recvfrom(monitor->socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			break;
		if (length < 0) {
			disturbance->happened = true;
			if (errno == ENOBUFS)
				continue;
			break;
		}
		mnl_cb_run(buffer, (size_t)length, 0, 0, hear, &hearing);
	}
	if (disturbance->by[0] == '\0')
		snprintf(disturbance->by, sizeof(disturbance->by), "the kernel or another program");
}
