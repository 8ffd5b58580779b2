/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status_routing.h"

#include "engine/instance.h"
#include "route/route.h"
#include "util/cleanup.h"

#include <errno.h>

/*
 * What is missing for a config that is not in force may not be needed yet. A route that can't be added for lack of an
 * interface counts as missing like any other, as long as packets of its family can be sent.
 */
static struct status_routing compare_routing(const struct route_family *family, const struct routing *wanted,
					     bool is_current)
{
	const enum status_part missing = is_current ? STATUS_MISSING : STATUS_UNKNOWN;
	struct status_routing routing = {STATUS_NOT_NEEDED, STATUS_NOT_NEEDED};

	if (!family->exists || !family->in_use || wanted->mark_count == 0)
		return routing;
	routing.rules = family->rules == routing_rule_count(wanted) ? STATUS_THERE : missing;
	routing.route = family->route ? STATUS_THERE : missing;
	if (routing.rules == STATUS_THERE) {
		routing.priority = family->priority;
		routing.is_displaced = family->priority != wanted->priority;
	}
	if (routing.rules == STATUS_THERE && (family->priority > family->due || family->blocking[0] != '\0'))
		routing.rules = STATUS_BEHIND;
	if (routing.route == STATUS_THERE && family->foreign_count > 0)
		routing.route = STATUS_BEHIND;
	return routing;
}

int status_read_routes(const struct config *config, bool is_current, struct status_routes *routes, struct error *error)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	CLEANUP(freep) struct fwmark *marks = config_marks(config);
	const struct routing wanted = config_routing(config, marks);
	struct route_state state = {0};
	int result = marks != NULL ? route_look(&rtnetlink, &wanted, &state, error)
				   : error_set(error, -ENOMEM, "no memory to collect the status");

	if (result < 0)
		return result;
	routes->ip = compare_routing(&state.families[FAMILY_IPV4], &wanted, is_current);
	routes->ip6 = compare_routing(&state.families[FAMILY_IPV6], &wanted, is_current);
	routes->loopback_is_down = wanted.mark_count > 0 && !state.loopback_is_up;
	return 0;
}

static bool is_well(const struct status_routing *routing)
{
	return routing->rules != STATUS_MISSING && routing->rules != STATUS_BEHIND &&
	       routing->route != STATUS_MISSING && routing->route != STATUS_BEHIND;
}

bool status_routes_are_complete(const struct status_routes *routes)
{
	return !routes->loopback_is_down && is_well(&routes->ip) && is_well(&routes->ip6);
}
