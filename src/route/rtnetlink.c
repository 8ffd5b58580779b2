/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/rtnetlink.h"

#include "util/array.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum {
	LOOPBACK_INDEX = 1, /* include/net/net_namespace.h, LOOPBACK_IFINDEX */
	REQUEST_SIZE = 512,
	RECEIVE_SIZE = 32 * 1024,
};

int rtnetlink_open(struct rtnetlink *rtnetlink)
{
	int on = 1;

	rtnetlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (rtnetlink->socket == NULL || mnl_socket_bind(rtnetlink->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* lets the kernel choose the routes to list, which may be a million (since Linux 4.20) */
	mnl_socket_setsockopt(rtnetlink->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

void rtnetlink_close(struct rtnetlink *rtnetlink)
{
	if (rtnetlink->socket != NULL)
		mnl_socket_close(rtnetlink->socket);
	rtnetlink->socket = NULL;
}

static int request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
	int more = MNL_CB_OK;

	message->nlmsg_seq = ++rtnetlink->sequence;
	if (mnl_socket_sendto(rtnetlink->socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (more == MNL_CB_OK) {
		ssize_t length = mnl_socket_recvfrom(rtnetlink->socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		more = mnl_cb_run(buffer, (size_t)length, message->nlmsg_seq, mnl_socket_get_portid(rtnetlink->socket),
				  callback, data);
	}
	return more == MNL_CB_ERROR ? -errno : 0;
}

static uint16_t change_flags(bool add)
{
	return add ? NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL : NLM_F_REQUEST | NLM_F_ACK;
}

int rtnetlink_change_rule(struct rtnetlink *rtnetlink, const struct policy_rule *rule, bool add)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	message->nlmsg_type = add ? RTM_NEWRULE : RTM_DELRULE;
	message->nlmsg_flags = change_flags(add);
	head->family = (uint8_t)rule->family;
	head->action = FR_ACT_TO_TBL;
	mnl_attr_put_u32(message, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u32(message, FRA_FWMARK, rule->mark.value);
	mnl_attr_put_u32(message, FRA_FWMASK, rule->mark.mask);
	mnl_attr_put_u32(message, FRA_TABLE, rule->table);
	mnl_attr_put_u8(message, FRA_PROTOCOL, RTPROT_KERNEL);
	return request(rtnetlink, message, NULL, NULL);
}

static struct rtmsg *put_route(struct nlmsghdr *message, int family, uint32_t table)
{
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	head->rtm_family = (uint8_t)family;
	head->rtm_protocol = RTPROT_KERNEL;
	head->rtm_type = RTN_LOCAL;
	mnl_attr_put_u32(message, RTA_TABLE, table);
	mnl_attr_put_u32(message, RTA_OIF, LOOPBACK_INDEX);
	return head;
}

int rtnetlink_change_route(struct rtnetlink *rtnetlink, int family, uint32_t table, bool add)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	message->nlmsg_flags = change_flags(add);
	put_route(message, family, table)->rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	return request(rtnetlink, message, NULL, NULL);
}

static uint32_t table_of(const struct nlmsghdr *message, const struct rtmsg *head)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_type(attribute) == RTA_TABLE && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
			return mnl_attr_get_u32(attribute);
	}
	return head->rtm_table;
}

static int note_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	struct routing_tables *tables = data;
	uint32_t *items = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->rtm_type != RTN_LOCAL ||
	    head->rtm_dst_len != 0 || head->rtm_protocol != RTPROT_KERNEL)
		return MNL_CB_OK;
	items = array_reserve(tables->items, &tables->capacity, tables->count + 1, sizeof(*items));
	if (items == NULL) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	tables->items = items;
	items[tables->count++] = table_of(message, head);
	return MNL_CB_OK;
}

int rtnetlink_list_tables(struct rtnetlink *rtnetlink, int family, struct routing_tables *tables)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	int error = 0;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	put_route(message, family, RT_TABLE_UNSPEC);
	do {
		tables->count = 0;
		error = request(rtnetlink, message, note_route, tables);
	} while (error == -EINTR); /* changed while they were listed */
	return error;
}

static int read_rule_attribute(const struct nlattr *attribute, void *data)
{
	struct policy_rule *rule = data;
	size_t length = mnl_attr_get_payload_len(attribute);
	uint32_t number = length >= sizeof(number) ? mnl_attr_get_u32(attribute) : 0;

	switch (mnl_attr_get_type(attribute)) {
	case FRA_PRIORITY:
		rule->priority = number;
		break;
	case FRA_FWMARK:
		rule->mark.value = number;
		break;
	case FRA_FWMASK:
		rule->mark.mask = number;
		break;
	case FRA_TABLE:
		rule->table = number;
		break;
	case FRA_PROTOCOL:
		rule->protocol = length > 0 ? mnl_attr_get_u8(attribute) : 0;
		break;
	case FRA_SRC:
	case FRA_DST:
	case FRA_IIFNAME:
	case FRA_OIFNAME:
	case FRA_L3MDEV:
	case FRA_UID_RANGE:
	case FRA_IP_PROTO:
	case FRA_SPORT_RANGE:
	case FRA_DPORT_RANGE:
		rule->has_other_selector = true;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(message);
	struct policy_rules *rules = data;
	struct policy_rule rule = {0};
	struct policy_rule *items = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->action != FR_ACT_TO_TBL)
		return MNL_CB_OK;
	rule.family = head->family;
	rule.is_inverted = (head->flags & FIB_RULE_INVERT) != 0;
	mnl_attr_parse(message, sizeof(*head), read_rule_attribute, &rule);
	items = array_reserve(rules->items, &rules->capacity, rules->count + 1, sizeof(*items));
	if (items == NULL) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	rules->items = items;
	items[rules->count++] = rule;
	return MNL_CB_OK;
}

int rtnetlink_list_rules(struct rtnetlink *rtnetlink, int family, struct policy_rules *rules)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	int error = 0;

	message->nlmsg_type = RTM_GETRULE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->family = (uint8_t)family;
	do {
		rules->count = 0;
		error = request(rtnetlink, message, note_rule, rules);
	} while (error == -EINTR); /* changed while they were listed */
	return error;
}
