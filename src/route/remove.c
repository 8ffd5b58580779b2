/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/entries.h"
#include "route/route.h"
#include "route/rules.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Cleanup of what a run with another config, or a killed one, left behind. */

/* All of our rules and routes in a family, whatever config they are from. */
struct leftovers {
	bool exists; /* the kernel supports the family */
	struct policy_rules rules;
	struct route_tables tables;
};

static int list_leftovers(struct rtnetlink *rtnetlink, int family, struct leftovers *leftovers)
{
	int result = rules_list(rtnetlink, family, &leftovers->rules);

	if (result == 0)
		result = entries_list_tables(rtnetlink, family, &leftovers->tables);
	leftovers->exists = result == 0;
	return rtnetlink_has_no_family(result) ? 0 : result;
}

static bool has_table(const struct route_tables *tables, uint32_t table)
{
	for (size_t i = 0; i < tables->count; i++) {
		if (tables->items[i] == table)
			return true;
	}
	return false;
}

/*
 * A rule of our shape that looks up a table is ours if the table that it looks up has our route in either family: a
 * disabled family had no route. While the loopback interface is down there are no routes at all; but a rule for an
 * empty table is of no use to anybody.
 */
static int find_out_if_ours(struct rtnetlink *rtnetlink, const struct policy_rule *rule, const struct leftovers *all,
			    const struct routing *wanted, bool *ours)
{
	*ours = rule_is_exemption(rule) || rule->table == wanted->table;
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		*ours = *ours || has_table(&all[i].tables, rule->table);
	if (*ours)
		return 0;
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		struct route_entries entries = {0};
		int result =
			all[i].exists ? entries_list(rtnetlink, route_address_family(i), rule->table, &entries) : 0;

		if (result < 0 || entries.foreign_count > 0)
			return result;
	}
	*ours = true;
	return 0;
}

static int remove_rules(struct rtnetlink *rtnetlink, const struct policy_rules *rules, bool exemptions,
			const struct leftovers *all, const struct routing *wanted)
{
	int result = 0;

	for (size_t i = 0; i < rules->count && result == 0; i++) {
		const struct policy_rule *rule = &rules->items[i];
		bool ours = false;

		if (!(exemptions ? rule_is_exemption(rule) : rule_has_our_shape(rule)) || rule_is_wanted(rule, wanted))
			continue;
		result = find_out_if_ours(rtnetlink, rule, all, wanted, &ours);
		if (result == 0 && ours)
			result = rtnetlink_ignore_missing(rules_change(rtnetlink, rule, false));
	}
	return result;
}

static int remove_routes(struct rtnetlink *rtnetlink, int family, const struct route_tables *tables,
			 const struct routing *wanted)
{
	int result = 0;

	for (size_t i = 0; i < tables->count && result == 0; i++) {
		if (tables->items[i] != wanted->table || wanted->mark_count == 0)
			result = rtnetlink_ignore_missing(entries_delete_ours(rtnetlink, family, tables->items[i]));
	}
	return result;
}

/*
 * Removes the routes after the rules of both families, because they identify the rules as ours; and the exemptions of
 * the gateway after what they precede.
 */
static int remove_leftovers(struct rtnetlink *rtnetlink, const struct leftovers *all, const struct routing *wanted)
{
	int result = 0;

	for (size_t i = 0; i < FAMILY_COUNT && result == 0; i++)
		result = remove_rules(rtnetlink, &all[i].rules, false, all, wanted);
	for (size_t i = 0; i < FAMILY_COUNT && result == 0; i++)
		result = remove_rules(rtnetlink, &all[i].rules, true, all, wanted);
	for (size_t i = 0; i < FAMILY_COUNT && result == 0; i++)
		result = remove_routes(rtnetlink, route_address_family(i), &all[i].tables, wanted);
	return result;
}

int route_remove_others(struct rtnetlink *rtnetlink, const struct routing *wanted, struct error *error)
{
	struct leftovers all[FAMILY_COUNT] = {0};
	int result = 0;

	for (size_t i = 0; i < FAMILY_COUNT && result == 0; i++)
		result = list_leftovers(rtnetlink, route_address_family(i), &all[i]);
	if (result == 0)
		result = remove_leftovers(rtnetlink, all, wanted);
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		free(all[i].rules.items);
		free(all[i].tables.items);
	}
	if (result < 0)
		error_set(error, result, "can't remove old policy rules or routes: %s%s", strerror(-result),
			  result == -EPERM ? _(". This needs the capability CAP_NET_ADMIN") : "");
	return result;
}
