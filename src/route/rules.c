/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/rules.h"

#include "util/array.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int rules_change(struct rtnetlink *rtnetlink, const struct policy_rule *rule, bool add)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	message->nlmsg_type = add ? RTM_NEWRULE : RTM_DELRULE;
	message->nlmsg_flags = rtnetlink_change_flags(add);
	head->family = (uint8_t)rule->family;
	head->action = rule->action;
	mnl_attr_put_u32(message, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u32(message, FRA_FWMARK, rule->mark.value);
	mnl_attr_put_u32(message, FRA_FWMASK, rule->mark.mask);
	if (rule->action == FR_ACT_GOTO) {
		mnl_attr_put_strz(message, FRA_IIFNAME, "lo");
		mnl_attr_put_u32(message, FRA_GOTO, rule->target);
	} else {
		mnl_attr_put_u32(message, FRA_TABLE, rule->table);
	}
	mnl_attr_put_u8(message, FRA_PROTOCOL, RTPROT_KERNEL);
	return rtnetlink_request(rtnetlink, message, NULL, NULL);
}

static bool is_loopback(const struct nlattr *attribute)
{
	return mnl_attr_get_payload_len(attribute) == sizeof("lo") &&
	       memcmp(mnl_attr_get_payload(attribute), "lo", sizeof("lo")) == 0;
}

/*
 * Selectors other than the mark. The input interface of locally sent packets is lo. An output interface other than lo,
 * or a VRF, means a socket bound to it, from which no route leads to lo, whichever rule comes first. When a received
 * packet is routed, there is no output interface yet. Unknown selectors may match.
 */
static void note_selector(struct policy_rule *rule, const struct nlattr *attribute)
{
	uint16_t type = mnl_attr_get_type(attribute);

	if (type == FRA_IIFNAME && is_loopback(attribute)) {
		rule->is_for_sent = true;
		return;
	}
	rule->has_other_selector = true;
	if (type == FRA_L3MDEV || type == FRA_IIFNAME || (type == FRA_OIFNAME && !is_loopback(attribute)))
		rule->has_hopeless_selector = true;
	if (type == FRA_OIFNAME)
		rule->has_output_selector = true;
}

static int read_attribute(const struct nlattr *attribute, void *data)
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
	case FRA_L3MDEV:
		if (length > 0 && mnl_attr_get_u8(attribute) != 0)
			note_selector(rule, attribute);
		break;
	case FRA_GOTO:
		rule->target = number;
		break;
	case FRA_FLOW:
	case FRA_SUPPRESS_IFGROUP:
	case FRA_SUPPRESS_PREFIXLEN:
	case FRA_PAD:
		break;
	default:
		note_selector(rule, attribute);
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

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return MNL_CB_OK;
	rule.family = head->family;
	rule.action = head->action;
	rule.is_inverted = (head->flags & FIB_RULE_INVERT) != 0;
	rule.is_unresolved = (head->flags & FIB_RULE_UNRESOLVED) != 0;
	rule.has_other_selector = head->tos != 0;
	mnl_attr_parse(message, sizeof(*head), read_attribute, &rule);
	if (rules->count == RULES_MAX) {
		errno = E2BIG;
		return MNL_CB_ERROR;
	}
	items = array_reserve(rules->items, &rules->capacity, rules->count + 1, sizeof(*items));
	if (items == NULL)
		return netlink_no_memory();
	rules->items = items;
	items[rules->count++] = rule;
	return MNL_CB_OK;
}

static void forget_rules(void *data)
{
	struct policy_rules *rules = data;

	rules->count = 0;
}

int rules_list(struct rtnetlink *rtnetlink, int family, struct policy_rules *rules)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	message->nlmsg_type = RTM_GETRULE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->family = (uint8_t)family;
	return rtnetlink_dump(rtnetlink, message, note_rule, forget_rules, rules);
}

bool rules_have(const struct policy_rules *rules, uint32_t priority)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i].priority == priority)
			return true;
	}
	return false;
}

struct policy_rule rule_wanted(const struct routing *wanted, int family, size_t index, uint32_t priority)
{
	struct policy_rule rule = {.family = family, .protocol = RTPROT_KERNEL, .action = FR_ACT_TO_TBL};

	if (index == wanted->mark_count) {
		rule.action = FR_ACT_GOTO;
		rule.is_for_sent = true;
		rule.target = MAIN_PRIORITY;
		rule.mark = *wanted->gateway;
		rule.priority = priority - GATEWAY_POLICY_RULES;
		return rule;
	}
	rule.table = wanted->table;
	rule.mark = index < wanted->mark_count ? wanted->marks[index] : *wanted->gateway;
	rule.priority = index < wanted->mark_count ? priority : priority - 1;
	return rule;
}

static bool has_our_mark(const struct policy_rule *rule)
{
	return rule->protocol == RTPROT_KERNEL && rule->mark.value != 0 && !rule->is_inverted &&
	       !rule->has_other_selector;
}

bool rule_has_our_shape(const struct policy_rule *rule)
{
	return rule->action == FR_ACT_TO_TBL && !rule->is_for_sent && has_our_mark(rule);
}

bool rule_is_exemption(const struct policy_rule *rule)
{
	return rule->action == FR_ACT_GOTO && rule->is_for_sent && has_our_mark(rule) &&
	       (rule->target == MAIN_PRIORITY || rule->target == rule->priority + GATEWAY_POLICY_RULES);
}

bool rule_equals(const struct policy_rule *one, const struct policy_rule *other)
{
	if (!fwmark_equals(&one->mark, &other->mark))
		return false;
	if (rule_is_exemption(one))
		return rule_is_exemption(other);
	return rule_has_our_shape(one) && rule_has_our_shape(other) && one->table == other->table;
}

static const char *action_name(uint8_t action)
{
	static const char *const names[] = {
		[FR_ACT_TO_TBL] = "lookup",
		[FR_ACT_GOTO] = "goto",
		[FR_ACT_NOP] = "nop",
		[FR_ACT_BLACKHOLE] = "blackhole",
		[FR_ACT_UNREACHABLE] = "unreachable",
		[FR_ACT_PROHIBIT] = "prohibit",
	};
	const char *name = action < sizeof(names) / sizeof(names[0]) ? names[action] : NULL;

	return name != NULL ? name : _("an unknown action");
}

bool rule_is_wanted(const struct policy_rule *rule, const struct routing *wanted)
{
	for (size_t i = 0; i < routing_rule_count(wanted); i++) {
		const struct policy_rule one = rule_wanted(wanted, rule->family, i, wanted->priority);

		if (rule_equals(&one, rule))
			return true;
	}
	return false;
}

void rule_describe(const struct policy_rule *rule, char *text, size_t size)
{
	char mark[FWMARK_TEXT_SIZE];
	char selector[sizeof("fwmark ") + sizeof(mark)] = "";
	char table[16] = "";

	if (rule->mark.mask != 0)
		snprintf(selector, sizeof(selector), "fwmark %s ", fwmark_text(&rule->mark, mark));
	if (rule->action == FR_ACT_TO_TBL)
		snprintf(table, sizeof(table), " %" PRIu32, rule->table);
	snprintf(text, size, _("the %s policy rule %" PRIu32 " (%s%s%s%s%s)"),
		 rule->family == AF_INET ? "IPv4" : "IPv6", rule->priority, rule->is_inverted ? "not " : "", selector,
		 rule->has_other_selector || rule->is_for_sent ? _("with selectors, ") : "", action_name(rule->action),
		 table);
}
