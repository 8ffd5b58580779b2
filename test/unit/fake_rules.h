/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_FAKE_RULES_H
#define CGTPROXY_TEST_UNIT_FAKE_RULES_H

/*
 * The kernel's policy rules, as net/core/fib_rules.c keeps them, in place of route/rtnetlink.c (meson.build, wrapped).
 * IPv4 alone exists, and its routes are always there. A test looks at the rules after each change.
 */

#include "unit.h"

#include "route/entries.h"
#include "route/rules.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum { FAKE_RULES_MAX = 64 };

static struct {
	struct policy_rule rules[FAKE_RULES_MAX]; /* in lookup order */
	size_t count;
	int changes;
	int failing_change; /* the number of the change that fails; 0: none */
	void (*on_change)(void);
} fake;

static inline struct policy_rule *fake_find(const struct policy_rule *like)
{
	for (size_t i = 0; i < fake.count; i++) {
		struct policy_rule *rule = &fake.rules[i];

		/* the target is not compared */
		if (rule->priority == like->priority && rule->action == like->action && rule->table == like->table &&
		    rule->protocol == like->protocol && rule->is_for_sent == like->is_for_sent &&
		    rule->has_other_selector == like->has_other_selector && fwmark_equals(&rule->mark, &like->mark))
			return rule;
	}
	return NULL;
}

/* Behind those of the same priority. */
static inline int fake_add(const struct policy_rule *rule)
{
	size_t at = 0;

	if (fake_find(rule) != NULL)
		return -EEXIST;
	assert_true(fake.count < FAKE_RULES_MAX);
	while (at < fake.count && fake.rules[at].priority <= rule->priority)
		at++;
	memmove(&fake.rules[at + 1], &fake.rules[at], (fake.count - at) * sizeof(*rule));
	fake.rules[at] = *rule;
	fake.count++;
	return 0;
}

static inline int fake_delete(const struct policy_rule *rule)
{
	struct policy_rule *found = fake_find(rule);

	if (found == NULL)
		return -ENOENT;
	fake.count--;
	memmove(found, found + 1, (size_t)(fake.rules + fake.count - found) * sizeof(*rule));
	return 0;
}

static inline bool fake_is_resolved(const struct policy_rule *rule)
{
	bool is_resolved = false;

	for (size_t i = 0; i < fake.count; i++)
		is_resolved = is_resolved || fake.rules[i].priority == rule->target;
	return is_resolved;
}

/* What a packet with a mark meets: the rule that looks up a table for it, or NULL. */
static inline const struct policy_rule *fake_route(const struct fwmark *mark, bool is_sent)
{
	uint32_t target = 0;

	for (size_t i = 0; i < fake.count; i++) {
		const struct policy_rule *rule = &fake.rules[i];

		if (rule->priority < target || rule->table == RT_TABLE_LOCAL || (rule->is_for_sent && !is_sent) ||
		    (rule->mark.mask != 0 && !fwmark_covers(&rule->mark, mark)))
			continue;
		if (rule->action == FR_ACT_TO_TBL)
			return rule;
		if (fake_is_resolved(rule))
			target = rule->target;
	}
	return NULL;
}

static inline int fake_read(const struct nlattr *attribute, void *data)
{
	struct policy_rule *rule = data;

	switch (mnl_attr_get_type(attribute)) {
	case FRA_PRIORITY:
		rule->priority = mnl_attr_get_u32(attribute);
		break;
	case FRA_FWMARK:
		rule->mark.value = mnl_attr_get_u32(attribute);
		break;
	case FRA_FWMASK:
		rule->mark.mask = mnl_attr_get_u32(attribute);
		break;
	case FRA_TABLE:
		rule->table = mnl_attr_get_u32(attribute);
		break;
	case FRA_GOTO:
		rule->target = mnl_attr_get_u32(attribute);
		break;
	case FRA_PROTOCOL:
		rule->protocol = mnl_attr_get_u8(attribute);
		break;
	case FRA_IIFNAME:
		rule->is_for_sent = true;
		break;
	default:
		fail_msg("an unexpected attribute %u", mnl_attr_get_type(attribute));
	}
	return MNL_CB_OK;
}

static inline int fake_list(const struct policy_rule *rule, mnl_cb_t callback, void *data)
{
	char buffer[512] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	message->nlmsg_type = RTM_NEWRULE;
	head->family = AF_INET;
	head->action = rule->action;
	if (rule->action == FR_ACT_GOTO && !fake_is_resolved(rule))
		head->flags = FIB_RULE_UNRESOLVED;
	mnl_attr_put_u32(message, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u8(message, FRA_PROTOCOL, rule->protocol);
	mnl_attr_put_u32(message, FRA_TABLE, rule->table);
	if (rule->mark.mask != 0) {
		mnl_attr_put_u32(message, FRA_FWMARK, rule->mark.value);
		mnl_attr_put_u32(message, FRA_FWMASK, rule->mark.mask);
	}
	if (rule->action == FR_ACT_GOTO)
		mnl_attr_put_u32(message, FRA_GOTO, rule->target);
	if (rule->is_for_sent)
		mnl_attr_put_strz(message, FRA_IIFNAME, "lo");
	if (rule->has_other_selector)
		mnl_attr_put_strz(message, FRA_IIFNAME, "eth0");
	return callback(message, data);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */

int __wrap_rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data);
int __wrap_rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(message);
	struct policy_rule rule = {.family = head->family, .action = head->action};
	int result = 0;

	(void)rtnetlink;
	(void)callback;
	(void)data;
	if (message->nlmsg_type != RTM_NEWRULE && message->nlmsg_type != RTM_DELRULE)
		return 0;
	if (++fake.changes == fake.failing_change)
		return -ENOBUFS;
	mnl_attr_parse(message, sizeof(*head), fake_read, &rule);
	result = message->nlmsg_type == RTM_NEWRULE ? fake_add(&rule) : fake_delete(&rule);
	fake.on_change();
	return result;
}

int __wrap_rtnetlink_dump(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback,
			  void (*restart)(void *data), void *data);
int __wrap_rtnetlink_dump(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback,
			  void (*restart)(void *data), void *data)
{
	(void)rtnetlink;
	restart(data);
	if (((const struct rtgenmsg *)mnl_nlmsg_get_payload(message))->rtgen_family != AF_INET)
		return -EAFNOSUPPORT;
	for (size_t i = 0; i < fake.count && message->nlmsg_type == RTM_GETRULE; i++)
		fake_list(&fake.rules[i], callback, data);
	return 0;
}

int __wrap_entries_list(struct rtnetlink *rtnetlink, int family, uint32_t table, struct route_entries *entries);
int __wrap_entries_list(struct rtnetlink *rtnetlink, int family, uint32_t table, struct route_entries *entries)
{
	(void)rtnetlink;
	(void)table;
	*entries = (struct route_entries){.has_ours = true};
	return family == AF_INET ? 0 : -EAFNOSUPPORT;
}

int __wrap_rtnetlink_loopback_is_up(struct rtnetlink *rtnetlink);
int __wrap_rtnetlink_loopback_is_up(struct rtnetlink *rtnetlink)
{
	(void)rtnetlink;
	return 1;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#endif
