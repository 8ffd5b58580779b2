/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/routing_problems.h"

#include "route/order.h"
#include "util/language.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int report_gateway_rules(size_t family, struct problems *problems)
{
	char about[64];

	snprintf(about, sizeof(about), _("the gateway's policy rules for %s"), route_family_name(family));
	return problems_add(
		problems, PROBLEM_POLICY_RULES, about, strdup("systemctl restart cgtproxy"),
		"policy rules of the gateway for %s are missing, so that %s that is forwarded to a proxy may "
		"be dropped. The daemon puts them back at once while it runs and is not stopped",
		route_family_name(family), route_family_name(family));
}

static int report_rules(size_t family, struct problems *problems)
{
	char about[64];

	snprintf(about, sizeof(about), _("the policy rules for %s"), route_family_name(family));
	return problems_add(problems, PROBLEM_POLICY_RULES, about, strdup("systemctl restart cgtproxy"),
			    "policy rules for %s are missing, so that %s of proxied programs is refused. The daemon "
			    "puts them back at once while it runs and is not stopped",
			    route_family_name(family), route_family_name(family));
}

static int report_route(size_t family, const struct routing *wanted, struct problems *problems)
{
	char about[64];

	snprintf(about, sizeof(about), _("the route for %s"), route_family_name(family));
	return problems_add(problems, PROBLEM_ROUTES, about, strdup("systemctl restart cgtproxy"),
			    "the route \"local default dev lo\" for %s is missing in the routing table %" PRIu32
			    ", so that %s of proxied programs is refused. The daemon puts it back at once while it "
			    "runs and is not stopped",
			    route_family_name(family), wanted->table, route_family_name(family));
}

static int report_blocking(const struct route_family *family, const struct routing *wanted, struct problems *problems)
{
	return problems_add(
		problems, PROBLEM_BLOCKING_RULE, family->blocking,
		problem_cure("give it a priority above %d: \"ip rule\" shows it", (int)order_lowest(wanted)),
		"%s may take proxied traffic, and nothing can stand in front of it; what it takes is "
		"refused",
		family->blocking);
}

/* The rules stand where they should not, which the daemon changes unless others keep changing it back. */
static int report_behind(const struct route_family *family, struct problems *problems)
{
	return problems_add(problems, PROBLEM_BLOCKING_RULE, family->reason, strdup("systemctl restart cgtproxy"),
			    "%s may take proxied traffic and comes before cgtproxy's, at priority %" PRIu32
			    "; what it takes is refused. The daemon moves them in front while it runs and is not "
			    "stopped, unless this happens again and again",
			    family->reason, family->priority);
}

static int report_foreign(size_t index, const struct route_family *family, const struct routing *wanted,
			  struct problems *problems)
{
	char about[ROUTE_TEXT_SIZE + 32];

	snprintf(about, sizeof(about), _("the %s route \"%s\""), route_family_name(index), family->foreign);
	return problems_add(problems, PROBLEM_FOREIGN_ROUTE, about,
			    problem_command("ip %s route del %s table %" PRIu32, index == FAMILY_IPV4 ? "-4" : "-6",
					    family->foreign, wanted->table),
			    "another program has added %s to the routing table %" PRIu32
			    ", which is cgtproxy's (route-table); what it takes of proxied traffic is refused",
			    about, wanted->table);
}

static int judge_loopback(const struct route_state *state, struct problems *problems)
{
	const struct route_family *ip6 = &state->families[FAMILY_IPV6];

	if (!state->loopback_is_up)
		return problems_add(problems, PROBLEM_LOOPBACK, _("the loopback interface"),
				    strdup("ip link set lo up"),
				    "the loopback interface is down, so no proxy can be reached and proxied traffic is "
				    "refused");
	if (ip6->exists && ip6->in_use && !ip6->on_loopback)
		return problems_add(problems, PROBLEM_IPV6_LOOPBACK, _("IPv6 on the loopback interface"),
				    strdup("sysctl -w net.ipv6.conf.lo.disable_ipv6=0"),
				    "IPv6 is disabled on the loopback interface but enabled on others, so proxied IPv6 "
				    "traffic is refused");
	return 0;
}

static int judge_rules(size_t index, const struct routing *wanted, const struct route_state *state, bool in_force,
		       struct problems *problems)
{
	const struct route_family *family = &state->families[index];
	int result = 0;

	if (family->blocking[0] != '\0')
		result = report_blocking(family, wanted, problems);
	if (result < 0 || !in_force || !family->exists || !family->in_use)
		return result;
	if (family->rules - family->gateway_rules < wanted->mark_count)
		return report_rules(index, problems);
	if (family->rules < routing_rule_count(wanted))
		return report_gateway_rules(index, problems);
	return family->priority > family->due && family->reason[0] != '\0' ? report_behind(family, problems) : 0;
}

int routing_judge_rules(const struct routing *wanted, const struct route_state *state, bool in_force,
			struct problems *problems)
{
	int result = 0;

	for (size_t i = 0; i < FAMILY_COUNT && wanted->mark_count > 0 && result == 0; i++)
		result = judge_rules(i, wanted, state, in_force, problems);
	return result;
}

static int judge_routes(size_t index, const struct routing *wanted, const struct route_state *state, bool in_force,
			struct problems *problems)
{
	const struct route_family *family = &state->families[index];
	const bool is_possible = state->loopback_is_up && (index == FAMILY_IPV4 || family->on_loopback);
	int result = 0;

	if (in_force && family->exists && family->in_use && !family->route && is_possible)
		result = report_route(index, wanted, problems);
	if (result == 0 && family->foreign_count > 0 && family->foreign[0] != '\0')
		result = report_foreign(index, family, wanted, problems);
	return result;
}

int routing_judge_routes(const struct routing *wanted, const struct route_state *state, bool in_force,
			 struct problems *problems)
{
	int result = 0;

	if (wanted->mark_count == 0)
		return 0;
	result = judge_loopback(state, problems);
	for (size_t i = 0; i < FAMILY_COUNT && result == 0; i++)
		result = judge_routes(i, wanted, state, in_force, problems);
	return result;
}
