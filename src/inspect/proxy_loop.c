/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/proxy_loop.h"

#include "inspect/cures.h"
#include "inspect/naming.h"
#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Finds a rule behind the one that holds which would end the loop, were it the first. NO_RULE: there is none. */
static int32_t find_late_rule(struct plan *plan, int32_t holding, size_t length, uint32_t target)
{
	const struct config *config = plan->config;
	CLEANUP(freep) bool *matched = calloc(config->rule_count, sizeof(*matched));

	if (matched == NULL || !policy_match_each(plan->policy, plan->path, length, matched) || !matched[holding])
		return NO_RULE;
	for (int32_t i = holding + 1; i < (int32_t)config->rule_count; i++) {
		if (matched[i] && config->rules[i].target != target)
			return i;
	}
	return NO_RULE;
}

static char *cure_of(const struct plan *plan, int32_t holding, int32_t late)
{
	CLEANUP(freep) char *place = place_of_rule(plan->config, holding);
	bool temporary = false;
	CLEANUP(freep) char *selector = late == NO_RULE ? naming_selector(plan->path, &temporary) : NULL;

	if (late != NO_RULE)
		return cure_by_moving(plan->config, late, holding);
	if (place == NULL || selector == NULL)
		return NULL;
	return problem_cure("write this above %s, then: systemctl reload cgtproxy\n  - %s\n    direct: true", place,
			    selector);
}

int proxy_loop_judge(struct plan *plan, const struct cgroup *cgroup, uint32_t proxy, struct problems *problems)
{
	const uint32_t target = TARGET_FIRST_PROXY + proxy;
	const int32_t holding = plan_rule(plan, cgroup);
	const char *name = NULL;
	CLEANUP(freep) char *shown = NULL;
	char place[RULE_PLACE_SIZE];
	int32_t late = NO_RULE;
	size_t length = 0;

	if (plan_target(plan, cgroup) != target || problems_leave_out(problems))
		return 0;
	name = plan->config->proxies[proxy].name;
	length = cgroup_path(cgroup, plan->path);
	late = find_late_rule(plan, holding, length, target);
	shown = shown_copy(plan->path);
	if (shown == NULL)
		return -ENOMEM;
	return problems_add(problems, PROBLEM_PROXY_LOOP, name, cure_of(plan, holding, late),
			    "the proxy %s listens in %s, and the rule on %s sends that cgroup's own traffic back to "
			    "the proxy, in a loop%s",
			    name, shown, config_rule_place(&plan->config->rules[holding], place),
			    late != NO_RULE ? ". A rule that sends it direct exists, but comes too late" : "");
}
