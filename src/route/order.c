/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/order.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

enum match {
	MATCHES_NEVER,
	MATCHES_MAYBE,
	MATCHES_ALWAYS,
};

/* Only the bits of a packet's mark under our mask are known. */
static enum match match_mark(const struct fwmark *selector, const struct fwmark *mark)
{
	if (!fwmark_overlaps(selector, mark))
		return MATCHES_NEVER;
	return fwmark_covers(selector, mark) ? MATCHES_ALWAYS : MATCHES_MAYBE;
}

/*
 * @is_forwarded: whether packets with this mark arrive on an interface, and checks of their source on lo; or this host
 *                sends them
 */
static enum match match_rule(const struct policy_rule *rule, const struct fwmark *mark, bool is_forwarded)
{
	enum match match = match_mark(&rule->mark, mark);

	if (is_forwarded ? rule->has_output_selector : rule->has_hopeless_selector)
		match = MATCHES_NEVER;
	if ((rule->has_other_selector || rule->is_for_sent) && match == MATCHES_ALWAYS)
		match = MATCHES_MAYBE;
	return rule->is_inverted ? MATCHES_ALWAYS - match : match;
}

static bool is_harmless(const struct policy_rule *rule, const struct routing *wanted)
{
	if (rule->action == FR_ACT_TO_TBL)
		return rule->is_own || rule->table == wanted->table || rule->table == RT_TABLE_LOCAL;
	return rule->action == FR_ACT_NOP || rule_is_exemption(rule);
}

/* Reverse path checks for the gateway's packets must meet our exemption before any rule that leads to our table. */
static bool misleads_checks(const struct policy_rule *rule, const struct routing *wanted)
{
	return wanted->gateway != NULL && rule->action == FR_ACT_TO_TBL && rule->table == wanted->table &&
	       !rule_has_our_shape(rule) && match_rule(rule, wanted->gateway, false) != MATCHES_NEVER;
}

bool order_may_take(const struct policy_rule *rule, const struct routing *wanted)
{
	if (is_harmless(rule, wanted))
		return misleads_checks(rule, wanted);
	for (size_t i = 0; i < wanted->mark_count; i++) {
		if (match_rule(rule, &wanted->marks[i], false) != MATCHES_NEVER)
			return true;
	}
	return wanted->gateway != NULL && match_rule(rule, wanted->gateway, true) != MATCHES_NEVER;
}

uint32_t order_lowest(const struct routing *wanted)
{
	return LOWEST_PLACE + (wanted->gateway != NULL ? GATEWAY_POLICY_RULES : 0);
}

struct order order_decide(const struct policy_rules *rules, const struct routing *wanted)
{
	struct order order = {.priority = wanted->priority};

	for (size_t i = 0; i < rules->count; i++) {
		const struct policy_rule *rule = &rules->items[i];

		if (rule->priority > wanted->priority || !order_may_take(rule, wanted))
			continue;
		if (rule->priority <= order_lowest(wanted)) {
			order.blocking = order.blocking != NULL ? order.blocking : rule;
		} else if (rule->priority <= order.priority) {
			order.priority = rule->priority - 1;
			order.reason = rule;
		}
	}
	return order;
}
