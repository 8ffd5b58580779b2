/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/route.h"

#include "route/entries.h"
#include "route/order.h"
#include "route/rules.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fib_rules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	UNDO_ROUNDS = 4, /* each removes ENTRIES_MAX foreign routes; the next event or attempt removes more */
};

static int explain(int result, size_t family, const struct routing *wanted, struct error *error)
{
	return error_set(error, result,
			 "can't add a policy rule or route in the routing table %" PRIu32 " or for priority %" PRIu32
			 " (%s): %s%s",
			 wanted->table, wanted->priority, route_family_name(family), strerror(-result),
			 result == -EPERM ? _(". This needs the capability CAP_NET_ADMIN") : "");
}

/* Returns the first such rule in lookup order, or NULL. */
static const struct policy_rule *find_rule(const struct policy_rules *rules, const struct policy_rule *wanted,
					   bool at_priority)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct policy_rule *rule = &rules->items[i];

		if ((!at_priority || rule->priority == wanted->priority) && rule_equals(rule, wanted))
			return rule;
	}
	return NULL;
}

static void note_rules(const struct policy_rules *rules, int family, const struct routing *wanted,
		       struct route_family *state)
{
	const struct order order = order_decide(rules, wanted);

	state->rules = state->gateway_rules = 0;
	state->priority = 0;
	for (size_t i = 0; i < routing_rule_count(wanted); i++) {
		const struct policy_rule due = rule_wanted(wanted, family, i, order.priority);
		const struct policy_rule *rule = find_rule(rules, &due, false);
		uint32_t priority = 0;

		if (rule == NULL || rule->is_unresolved)
			continue;
		state->rules++;
		state->gateway_rules += i >= wanted->mark_count;
		priority = rule->priority + (order.priority - due.priority);
		state->priority = priority > state->priority ? priority : state->priority;
	}
	state->due = order.priority;
	state->reason[0] = '\0';
	state->blocking[0] = '\0';
	if (order.reason != NULL)
		rule_describe(order.reason, state->reason, sizeof(state->reason));
	if (order.blocking != NULL)
		rule_describe(order.blocking, state->blocking, sizeof(state->blocking));
}

/* Rules of a run with another config, for other tables with our route, are as good as ours until they are removed. */
static int note_own(struct rtnetlink *rtnetlink, int family, const struct routing *wanted, struct policy_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct policy_rule *rule = &rules->items[i];
		struct route_entries entries = {0};
		int result = 0;

		if (rule->priority > wanted->priority || rule->table == wanted->table || !rule_has_our_shape(rule))
			continue;
		result = entries_list(rtnetlink, family, rule->table, &entries);
		if (result < 0)
			return result;
		rule->is_own = entries.has_ours;
	}
	return 0;
}

static int list_rules(struct rtnetlink *rtnetlink, int family, const struct routing *wanted, struct policy_rules *rules)
{
	int result = rules_list(rtnetlink, family, rules);

	return result < 0 ? result : note_own(rtnetlink, family, wanted, rules);
}

/* To the kernel, one that leads nowhere is the same: it ignores targets (net/core/fib_rules.c, rule_exists). */
static int add_rule(struct rtnetlink *rtnetlink, const struct policy_rule *rule)
{
	int result = rules_change(rtnetlink, rule, true);

	if (result != -EEXIST || rule->action != FR_ACT_GOTO)
		return result;
	result = rtnetlink_ignore_missing(rules_change(rtnetlink, rule, false));
	return result < 0 ? result : rules_change(rtnetlink, rule, true);
}

static int add_rules(struct rtnetlink *rtnetlink, int family, const struct routing *wanted,
		     const struct policy_rules *rules, uint32_t priority, struct route_family *state)
{
	int result = 0;

	for (size_t i = 0; i < routing_rule_count(wanted) && result == 0; i++) {
		struct policy_rule rule = rule_wanted(wanted, family, i, priority);
		const struct policy_rule *there = find_rule(rules, &rule, true);

		if (there != NULL && !there->is_unresolved)
			continue;
		if (!rules_have(rules, MAIN_PRIORITY))
			rule.target = priority;
		result = add_rule(rtnetlink, &rule);
		if (result == 0 && find_rule(rules, &rule, false) == NULL)
			state->added++;
		else if (result == 0 && there == NULL)
			state->moved = true;
		/* an existing one is as good */
		result = result == -EEXIST ? 0 : result;
	}
	return result;
}

static bool is_in_place(const struct policy_rule *rule, const struct routing *wanted, uint32_t priority)
{
	for (size_t i = 0; i < routing_rule_count(wanted); i++) {
		const struct policy_rule one = rule_wanted(wanted, rule->family, i, priority);

		if (rule->priority == one.priority && rule_equals(rule, &one))
			return true;
	}
	return false;
}

/* An exemption for a mark that an earlier config gave to the gateway, and this one to a proxy. */
static bool is_obstacle(const struct policy_rule *rule, const struct routing *wanted)
{
	for (size_t i = 0; i < wanted->mark_count; i++) {
		if (rule_is_exemption(rule) && fwmark_overlaps(&rule->mark, &wanted->marks[i]))
			return true;
	}
	return false;
}

/* Exemptions last: the rules that they precede must not be there without them. */
static int remove_misplaced(struct rtnetlink *rtnetlink, const struct routing *wanted, const struct policy_rules *rules,
			    uint32_t priority)
{
	int result = 0;

	for (int exemptions = 0; exemptions < 2; exemptions++) {
		for (size_t i = 0; i < rules->count && result == 0; i++) {
			const struct policy_rule *rule = &rules->items[i];

			if (rule_is_exemption(rule) == exemptions && !is_in_place(rule, wanted, priority) &&
			    (rule_is_wanted(rule, wanted) || is_obstacle(rule, wanted)))
				result = rtnetlink_ignore_missing(rules_change(rtnetlink, rule, false));
		}
	}
	return result;
}

static int put_rules(struct rtnetlink *rtnetlink, int family, const struct routing *wanted, bool undo,
		     struct route_family *state)
{
	struct policy_rules rules = {0};
	uint32_t priority = 0;
	int result = list_rules(rtnetlink, family, wanted, &rules);

	if (result == 0) {
		note_rules(&rules, family, wanted, state);
		priority = undo || state->priority == 0 ? state->due : state->priority;
		result = add_rules(rtnetlink, family, wanted, &rules, priority, state);
	}
	if (result == 0)
		result = remove_misplaced(rtnetlink, wanted, &rules, priority);
	if (result == 0) {
		state->rules = routing_rule_count(wanted);
		state->gateway_rules = state->rules - wanted->mark_count;
		state->priority = priority;
	}
	free(rules.items);
	return result;
}

static void note_entries(const struct route_entries *entries, struct route_family *state)
{
	state->route = entries->has_ours;
	state->foreign_count = entries->foreign_count;
	if (entries->foreign_count == 0)
		return;
	entry_describe(&entries->foreign[0], state->foreign, sizeof(state->foreign));
	state->foreign_protocol = entries->foreign[0].protocol;
}

/* Where a foreign default route has replaced ours, ours replaces it in one step. */
static int put_ours(struct rtnetlink *rtnetlink, int family, const struct routing *wanted, struct route_family *state)
{
	int result = entries_put_ours(rtnetlink, family, wanted->table);

	/* perhaps only the request or its answer failed */
	if (result < 0 && !rtnetlink_has_no_family(result) && result != -EPERM)
		result = entries_put_ours(rtnetlink, family, wanted->table);
	if (rtnetlink_has_no_family(result) || result == -EPERM)
		return result;
	state->route = result == 0;
	state->route_error = result;
	state->added += result == 0;
	return 0;
}

/* A route that can't be removed shows up as still present. */
static int remove_foreign(struct rtnetlink *rtnetlink, int family, const struct routing *wanted,
			  struct route_entries *entries, struct route_family *state)
{
	int result = 0;

	for (int round = 0; round < UNDO_ROUNDS && entries->foreign_count > 0 && result == 0; round++) {
		size_t before = entries->foreign_count;

		for (size_t i = 0; i < before && i < ENTRIES_MAX; i++)
			entries_delete(rtnetlink, &entries->foreign[i]);
		result = entries_list(rtnetlink, family, wanted->table, entries);
		if (result == 0 && entries->foreign_count < before)
			state->removed += before - entries->foreign_count;
	}
	return result;
}

static int put_route(struct rtnetlink *rtnetlink, int family, const struct routing *wanted, bool undo,
		     struct route_family *state)
{
	struct route_entries entries = {0};
	size_t foreign = 0;
	int result = entries_list(rtnetlink, family, wanted->table, &entries);

	if (result < 0)
		return result;
	state->foreign[0] = '\0';
	note_entries(&entries, state);
	foreign = state->foreign_count;
	if (!state->route && (foreign == 0 || undo))
		result = put_ours(rtnetlink, family, wanted, state);
	if (result < 0 || foreign == 0 || !undo)
		return result;
	result = entries_list(rtnetlink, family, wanted->table, &entries);
	if (result == 0 && entries.foreign_count < foreign)
		state->removed = foreign - entries.foreign_count;
	if (result == 0)
		result = remove_foreign(rtnetlink, family, wanted, &entries, state);
	if (result == 0)
		note_entries(&entries, state);
	return result;
}

static int find_use(struct rtnetlink *rtnetlink, size_t family, struct route_family *state)
{
	struct ipv6_use use = {true, true};
	int result = family == FAMILY_IPV4 || state->route ? 0 : rtnetlink_find_ipv6(rtnetlink, &use);

	state->in_use = use.anywhere;
	state->on_loopback = use.on_loopback;
	return result;
}

static int put_family(struct rtnetlink *rtnetlink, size_t family, const struct routing *wanted, bool undo,
		      struct route_family *state)
{
	int result = 0;

	*state = (struct route_family){.exists = true};
	result = put_rules(rtnetlink, route_address_family(family), wanted, undo, state);
	if (result == 0)
		result = put_route(rtnetlink, route_address_family(family), wanted, undo, state);
	if (result == 0)
		result = find_use(rtnetlink, family, state);
	if (!rtnetlink_has_no_family(result))
		return result;
	*state = (struct route_family){0};
	return 0;
}

static int look_at_loopback(struct rtnetlink *rtnetlink, struct route_state *state, struct error *error)
{
	int result = rtnetlink_loopback_is_up(rtnetlink);

	state->loopback_is_up = result > 0;
	return result < 0 ? error_set(error, result, "can't query the loopback interface: %s", strerror(-result)) : 0;
}

int route_put(struct rtnetlink *rtnetlink, const struct routing *wanted, unsigned families, bool undo,
	      struct route_state *state, struct error *error)
{
	int result = 0;

	if (wanted->mark_count == 0) {
		*state = (struct route_state){.loopback_is_up = true};
		return 0;
	}
	/* a family that can't be repaired doesn't prevent repairing the other */
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		int family_result = 0;

		if (!(families & 1U << i))
			continue;
		family_result = put_family(rtnetlink, i, wanted, undo, &state->families[i]);
		if (family_result < 0 && result == 0)
			result = explain(family_result, i, wanted, error);
	}
	return result < 0 ? result : look_at_loopback(rtnetlink, state, error);
}

static int look_at_family(struct rtnetlink *rtnetlink, size_t family, const struct routing *wanted,
			  struct route_family *state)
{
	struct policy_rules rules = {0};
	struct route_entries entries = {0};
	int result = list_rules(rtnetlink, route_address_family(family), wanted, &rules);

	*state = (struct route_family){.exists = true};
	if (result == 0) {
		note_rules(&rules, route_address_family(family), wanted, state);
		result = entries_list(rtnetlink, route_address_family(family), wanted->table, &entries);
	}
	if (result == 0) {
		note_entries(&entries, state);
		result = find_use(rtnetlink, family, state);
	}
	free(rules.items);
	if (!rtnetlink_has_no_family(result))
		return result;
	*state = (struct route_family){0};
	return 0;
}

int route_look(struct rtnetlink *rtnetlink, const struct routing *wanted, struct route_state *state,
	       struct error *error)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		int result = look_at_family(rtnetlink, i, wanted, &state->families[i]);

		if (result < 0)
			return error_set(error, result, "can't list policy rules and routes (%s): %s",
					 route_family_name(i), strerror(-result));
	}
	return look_at_loopback(rtnetlink, state, error);
}

int route_refuse_foreign(struct rtnetlink *rtnetlink, const struct routing *wanted, struct error *error)
{
	for (size_t i = 0; i < FAMILY_COUNT && wanted->mark_count > 0; i++) {
		struct route_entries entries = {0};
		char text[ROUTE_TEXT_SIZE];
		char more[64] = "";
		int result = entries_list(rtnetlink, route_address_family(i), wanted->table, &entries);

		if (result < 0 && !rtnetlink_has_no_family(result))
			return error_set(error, result,
					 "can't list the routes in the routing table %" PRIu32 " (%s): %s",
					 wanted->table, route_family_name(i), strerror(-result));
		if (entries.foreign_count == 0)
			continue;
		entry_describe(&entries.foreign[0], text, sizeof(text));
		if (entries.foreign_count > 1)
			snprintf(more, sizeof(more), _(" and %zu more"), entries.foreign_count - 1);
		return error_set(
			error, -EEXIST,
			"the routing table %" PRIu32
			" has a route that is not cgtproxy's and that proxied traffic would take: "
			"%s \"%s\", protocol %s (%u)%s. Set route-table to a number that nothing else uses, or "
			"remove the route: ip %s route del %s table %" PRIu32,
			wanted->table, route_family_name(i), text, protocol_name(entries.foreign[0].protocol),
			entries.foreign[0].protocol, more, i == FAMILY_IPV4 ? "-4" : "-6", text, wanted->table);
	}
	return 0;
}
