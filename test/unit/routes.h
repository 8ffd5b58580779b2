/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_ROUTES_H
#define CGTPROXY_TEST_UNIT_ROUTES_H

/* Writes the kernel's lists of policy rules and routes. */

#include "answers.h"

#include "route/entries.h"
#include "route/order.h"
#include "route/route.h"
#include "route/rules.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>

enum { TABLE = 300, PRIORITY = 3000, MARK = 3000, GATEWAY_MARK = 3001, DUMPS = 50, LOOPBACK = 1, ETHERNET = 2 };

static const struct fwmark mark = {MARK, UINT32_MAX};
static const struct routing wanted = {.table = TABLE, .priority = PRIORITY, .marks = &mark, .mark_count = 1};
static const struct fwmark gateway_mark = {GATEWAY_MARK, UINT32_MAX};
static const struct routing with_gateway = {
	.table = TABLE, .priority = PRIORITY, .marks = &mark, .mark_count = 1, .gateway = &gateway_mark};

/* Numbers are in the host's byte order here. */
static inline struct nlmsghdr *policy_rule(int family, uint8_t action, uint32_t priority)
{
	const struct fib_rule_hdr head = {.family = (uint8_t)family, .action = action};
	struct nlmsghdr *message = answers_message(RTM_NEWRULE, &head, sizeof(head));

	mnl_attr_put_u32(message, FRA_PRIORITY, priority);
	return message;
}

static inline void our_rule(int family, uint32_t priority, uint32_t value, uint32_t table)
{
	struct nlmsghdr *message = policy_rule(family, FR_ACT_TO_TBL, priority);

	mnl_attr_put_u32(message, FRA_FWMARK, value);
	mnl_attr_put_u32(message, FRA_FWMASK, UINT32_MAX);
	mnl_attr_put_u32(message, FRA_TABLE, table);
	mnl_attr_put_u8(message, FRA_PROTOCOL, RTPROT_KERNEL);
}

/* Of the gateway's two rules, the one that exempts reverse path checks from the other. */
static inline struct nlmsghdr *our_exemption(int family, uint32_t priority, uint32_t value)
{
	struct nlmsghdr *message = policy_rule(family, FR_ACT_GOTO, priority);

	mnl_attr_put_strz(message, FRA_IIFNAME, "lo");
	mnl_attr_put_u32(message, FRA_FWMARK, value);
	mnl_attr_put_u32(message, FRA_FWMASK, UINT32_MAX);
	mnl_attr_put_u32(message, FRA_GOTO, 32766);
	mnl_attr_put_u8(message, FRA_PROTOCOL, RTPROT_KERNEL);
	return message;
}

static inline struct nlmsghdr *route(int family, uint8_t type, uint8_t protocol, uint32_t table)
{
	const struct rtmsg head = {.rtm_family = (uint8_t)family, .rtm_type = type, .rtm_protocol = protocol};
	struct nlmsghdr *message = answers_message(RTM_NEWROUTE, &head, sizeof(head));

	mnl_attr_put_u32(message, RTA_TABLE, table);
	return message;
}

static inline void our_route(int family, uint32_t table)
{
	mnl_attr_put_u32(route(family, RTN_LOCAL, RTPROT_KERNEL, table), RTA_OIF, LOOPBACK);
}

/* The answers to both lists of a family: one rule and one route, both ours. */
static inline void family_has_ours(int family, uint32_t priority, uint32_t table)
{
	answers_to_next();
	our_rule(family, priority, MARK, table);
	answers_done();
	answers_to_next();
	our_route(family, table);
	answers_done();
}

#endif
