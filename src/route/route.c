/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/route.h"

#include "route/rtnetlink.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const int families[] = {AF_INET, AF_INET6};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* No module, or switched off for the loopback interface (net/ipv6/route.c, fib6_nh_init). */
static bool means_no_ipv6(int family, int error)
{
	return family == AF_INET6 && (error == -EAFNOSUPPORT || error == -EOPNOTSUPP || error == -EACCES);
}

static int explain(int result, const char *what, int family, const struct routing *wanted, struct error *error)
{
	return error_set(error, result,
			 "can't %s in the routing table %" PRIu32 " or at priority %" PRIu32 " (%s): %s%s", what,
			 wanted->table, wanted->priority, family_name(family), strerror(-result),
			 result == -EPERM ? ". This needs the capability CAP_NET_ADMIN" : "");
}

/* Counts what was missing; what is there already is as good. */
static int count_added(int result, int *added)
{
	if (result == 0)
		(*added)++;
	return result == -EEXIST ? 0 : result;
}

static int add_for_family(struct rtnetlink *rtnetlink, int family, const struct routing *wanted, int *added)
{
	int result = count_added(rtnetlink_change_route(rtnetlink, family, wanted->table, true), added);

	for (size_t i = 0; i < wanted->mark_count && result == 0; i++) {
		const struct policy_rule rule = {
			.family = family,
			.mark = wanted->marks[i],
			.table = wanted->table,
			.priority = wanted->priority,
		};

		result = count_added(rtnetlink_change_rule(rtnetlink, &rule, true), added);
	}
	return result;
}

int route_add(const struct routing *wanted, struct error *error)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int added = 0;
	int result = 0;

	if (wanted->mark_count == 0)
		return 0;
	result = rtnetlink_open(&rtnetlink);
	if (result < 0)
		return error_set(error, result, "can't open a netlink socket for routing: %s", strerror(-result));
	for (size_t i = 0; i < FAMILIES; i++) {
		result = add_for_family(&rtnetlink, families[i], wanted, &added);
		if (means_no_ipv6(families[i], result))
			log_debug("this host has no IPv6, so only IPv4 is steered");
		else if (result < 0)
			return explain(result, "add a policy rule or route", families[i], wanted, error);
	}
	return added;
}

static bool is_wanted(const struct policy_rule *rule, const struct routing *wanted)
{
	if (rule->table != wanted->table || rule->priority != wanted->priority)
		return false;
	for (size_t i = 0; i < wanted->mark_count; i++) {
		if (rule->mark.value == wanted->marks[i].value && rule->mark.mask == wanted->marks[i].mask)
			return true;
	}
	return false;
}

/* What is gone already was to be removed. */
static int ignore_missing(int result)
{
	return result == -ENOENT || result == -ESRCH ? 0 : result;
}

static bool has_our_shape(const struct policy_rule *rule)
{
	return rule->protocol == RTPROT_KERNEL && rule->mark.value != 0 && !rule->is_inverted &&
	       !rule->has_other_selector;
}

static bool has_our_route(const struct routing_tables *tables, uint32_t table)
{
	for (size_t i = 0; i < tables->count; i++) {
		if (tables->items[i] == table)
			return true;
	}
	return false;
}

/* The routes go after the rules, because it is by them that a rule is known as ours. */
static int remove_unwanted(struct rtnetlink *rtnetlink, int family, const struct routing *wanted,
			   const struct policy_rules *rules, const struct routing_tables *tables)
{
	int result = 0;

	for (size_t i = 0; i < rules->count && result == 0; i++) {
		const struct policy_rule *rule = &rules->items[i];

		if (has_our_shape(rule) && !is_wanted(rule, wanted) &&
		    (rule->table == wanted->table || has_our_route(tables, rule->table)))
			result = ignore_missing(rtnetlink_change_rule(rtnetlink, rule, false));
	}
	for (size_t i = 0; i < tables->count && result == 0; i++) {
		if (tables->items[i] != wanted->table || wanted->mark_count == 0)
			result = ignore_missing(rtnetlink_change_route(rtnetlink, family, tables->items[i], false));
	}
	return result;
}

static int remove_for_family(struct rtnetlink *rtnetlink, int family, const struct routing *wanted)
{
	struct policy_rules rules = {0};
	struct routing_tables tables = {0};
	int result = rtnetlink_list_rules(rtnetlink, family, &rules);

	if (result == 0)
		result = rtnetlink_list_tables(rtnetlink, family, &tables);
	if (result == 0)
		result = remove_unwanted(rtnetlink, family, wanted, &rules, &tables);
	free(rules.items);
	free(tables.items);
	return result;
}

int route_remove_others(const struct routing *wanted, struct error *error)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int result = rtnetlink_open(&rtnetlink);

	if (result < 0)
		return error_set(error, result, "can't open a netlink socket for routing: %s", strerror(-result));
	for (size_t i = 0; i < FAMILIES; i++) {
		result = remove_for_family(&rtnetlink, families[i], wanted);
		if (result < 0 && !means_no_ipv6(families[i], result))
			return explain(result, "remove old policy rules or routes", families[i], wanted, error);
	}
	return 0;
}

static bool is_there(const struct policy_rules *rules, const struct routing *wanted, const struct fwmark *mark)
{
	struct routing one = *wanted;

	one.marks = mark;
	one.mark_count = 1;
	for (size_t i = 0; i < rules->count; i++) {
		if (has_our_shape(&rules->items[i]) && is_wanted(&rules->items[i], &one))
			return true;
	}
	return false;
}

static int look_at_family(struct rtnetlink *rtnetlink, int family, const struct routing *wanted,
			  struct route_presence *presence)
{
	struct policy_rules rules = {0};
	struct routing_tables tables = {0};
	int result = rtnetlink_list_rules(rtnetlink, family, &rules);

	if (result == 0)
		result = rtnetlink_list_tables(rtnetlink, family, &tables);
	*presence = (struct route_presence){.has_family = true};
	for (size_t i = 0; i < wanted->mark_count; i++)
		presence->rules += is_there(&rules, wanted, &wanted->marks[i]);
	presence->route = has_our_route(&tables, wanted->table);
	free(rules.items);
	free(tables.items);
	return result;
}

/* Without IPv6 on the loopback interface there is no route to it, see means_no_ipv6(). */
static bool has_ipv6(void)
{
	CLEANUP(fclosep) FILE *file = fopen("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "re");

	return file != NULL && fgetc(file) == '0';
}

int route_look(const struct routing *wanted, struct route_presence *ip, struct route_presence *ip6)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int result = rtnetlink_open(&rtnetlink);

	*ip6 = (struct route_presence){0};
	if (result == 0)
		result = look_at_family(&rtnetlink, AF_INET, wanted, ip);
	if (result == 0 && has_ipv6())
		result = look_at_family(&rtnetlink, AF_INET6, wanted, ip6);
	return result;
}

/* Whether a rule may take a packet with that mark. */
static bool may_take(const struct policy_rule *rule, const struct fwmark *mark)
{
	bool selects_by_mark = rule->mark.mask != 0;
	bool mark_matches = (mark->value & rule->mark.mask) == rule->mark.value;

	if (rule->is_inverted && !rule->has_other_selector)
		return selects_by_mark && !mark_matches;
	return rule->is_inverted || !selects_by_mark || mark_matches;
}

static void tell_of_earlier(const struct policy_rules *rules, const struct routing *wanted,
			    void (*tell)(const struct earlier_rule *rule, void *userdata), void *userdata)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct policy_rule *rule = &rules->items[i];

		if (rule->priority >= wanted->priority || rule->table == RT_TABLE_LOCAL)
			continue;
		for (size_t j = 0; j < wanted->mark_count; j++) {
			const struct earlier_rule earlier = {rule->family, rule->priority, rule->table,
							     wanted->marks[j].value};

			if (may_take(rule, &wanted->marks[j]))
				tell(&earlier, userdata);
		}
	}
}

int route_find_earlier(const struct routing *wanted, void (*tell)(const struct earlier_rule *rule, void *userdata),
		       void *userdata)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int result = rtnetlink_open(&rtnetlink);

	for (size_t i = 0; i < FAMILIES && result == 0; i++) {
		struct policy_rules rules = {0};

		result = rtnetlink_list_rules(&rtnetlink, families[i], &rules);
		if (result == 0)
			tell_of_earlier(&rules, wanted, tell, userdata);
		free(rules.items);
		if (means_no_ipv6(families[i], result))
			result = 0;
	}
	return result;
}
