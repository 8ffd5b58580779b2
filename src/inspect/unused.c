/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/unused.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

enum { NEIGHBOURS = 1 << 12, UPPER_HALVES = 1 << 8 };

static bool has_table(const struct route_tables *tables, uint32_t table)
{
	for (size_t i = 0; i < tables->count; i++) {
		if (tables->items[i] == table)
			return true;
	}
	return false;
}

/* Left by a run of the daemon, or in use by one: it removes or takes over what the new config does not want. */
static bool is_ours(const struct in_use *in_use, const struct policy_rule *rule)
{
	bool has_our_route = false;

	for (size_t i = 0; i < FAMILY_COUNT; i++)
		has_our_route |= has_table(&in_use->ours[i], rule->table);
	return rule_is_exemption(rule) || (has_our_route && rule_has_our_shape(rule));
}

/* A rule for all marks but one is about that one. */
static bool rule_uses_mark(const struct policy_rule *rule, uint32_t mark)
{
	const struct fwmark whole = {mark, UINT32_MAX};

	return rule->mark.mask != 0 && fwmark_overlaps(&rule->mark, &whole);
}

static bool is_mark_used(const struct in_use *in_use, uint32_t mark)
{
	for (size_t i = 0; i < in_use->marks.count; i++) {
		if (in_use->marks.items[i] == mark)
			return true;
	}
	for (size_t family = 0; family < FAMILY_COUNT; family++) {
		for (size_t i = 0; i < in_use->rules[family].count; i++) {
			const struct policy_rule *rule = &in_use->rules[family].items[i];

			if (rule_uses_mark(rule, mark) && !is_ours(in_use, rule))
				return true;
		}
	}
	return false;
}

static bool is_reserved(uint32_t table)
{
	return table == RT_TABLE_UNSPEC || table == RT_TABLE_DEFAULT || table == RT_TABLE_MAIN ||
	       table == RT_TABLE_LOCAL;
}

static bool is_table_used(const struct in_use *in_use, uint32_t table)
{
	for (size_t family = 0; family < FAMILY_COUNT; family++) {
		if (has_table(&in_use->foreign[family], table))
			return true;
		for (size_t i = 0; i < in_use->rules[family].count; i++) {
			const struct policy_rule *rule = &in_use->rules[family].items[i];

			if (rule->action == FR_ACT_TO_TBL && rule->table == table && !is_ours(in_use, rule))
				return true;
		}
	}
	return is_reserved(table);
}

/* Neighbours first; then, for rules that look at some bits only, the same with other upper halves. */
uint32_t unused_mark(const struct in_use *in_use, uint32_t first)
{
	for (uint32_t i = 0; i < NEIGHBOURS * UPPER_HALVES; i++) {
		uint32_t mark = first + i % NEIGHBOURS + ((i / NEIGHBOURS) << 16);

		if (mark != 0 && !is_mark_used(in_use, mark))
			return mark;
	}
	return first;
}

uint32_t unused_table(const struct in_use *in_use, uint32_t first)
{
	uint32_t table = first;

	while (is_table_used(in_use, table))
		table++;
	return table;
}

static int read_family(struct in_use *in_use, struct rtnetlink *rtnetlink, size_t family)
{
	int address_family = route_address_family(family);
	int result = rules_list(rtnetlink, address_family, &in_use->rules[family]);

	if (result == 0)
		result = entries_list_tables(rtnetlink, address_family, &in_use->ours[family]);
	if (result == 0)
		result = entries_list_foreign_tables(rtnetlink, address_family, &in_use->foreign[family]);
	return rtnetlink_has_no_family(result) ? 0 : result;
}

int in_use_read(struct in_use *in_use, struct error *error)
{
	struct rtnetlink rtnetlink = {0};
	int result = 0;

	for (size_t family = 0; family < FAMILY_COUNT && result == 0; family++)
		result = read_family(in_use, &rtnetlink, family);
	rtnetlink_close(&rtnetlink);
	if (result < 0)
		return error_set(error, result, "can't list policy rules and routes: %s", strerror(-result));
	result = marks_find(&in_use->marks);
	if (result < 0)
		return error_set(error, result, "can't list the marks of sockets: %s", strerror(-result));
	return 0;
}

void in_use_clear(struct in_use *in_use)
{
	for (size_t family = 0; family < FAMILY_COUNT; family++) {
		free(in_use->rules[family].items);
		free(in_use->ours[family].items);
		free(in_use->foreign[family].items);
	}
	free(in_use->marks.items);
	*in_use = (struct in_use){0};
}
