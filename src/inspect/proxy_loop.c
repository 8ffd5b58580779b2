/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/proxy_loop.h"

#include "inspect/cures.h"
#include "inspect/naming.h"
#include "socket/listeners.h"
#include "util/cleanup.h"
#include "util/language.h"

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

/* What there is to say of a cgroup that a rule sends to the proxy. */
struct loop {
	int32_t holding;
	int32_t late;
	char *shown; /* the cgroup's path */
	char place[RULE_PLACE_SIZE];
};

static void loop_clear(struct loop *loop)
{
	free(loop->shown);
}

/* Returns 1, 0 if the cgroup is not sent there, or -ENOMEM. */
static int describe(struct plan *plan, const struct cgroup *cgroup, uint32_t proxy, struct loop *loop)
{
	const uint32_t target = TARGET_FIRST_PROXY + proxy;
	size_t length = 0;

	if (plan_target(plan, cgroup) != target)
		return 0;
	loop->holding = plan_rule(plan, cgroup);
	length = cgroup_path(cgroup, plan->path);
	loop->late = find_late_rule(plan, loop->holding, length, target);
	config_rule_place(&plan->config->rules[loop->holding], loop->place);
	loop->shown = shown_copy(plan->path);
	return loop->shown != NULL ? 1 : -ENOMEM;
}

int proxy_loop_judge(struct plan *plan, const struct cgroup *cgroup, uint32_t proxy, struct problems *problems)
{
	const char *name = plan->config->proxies[proxy].name;
	CLEANUP(loop_clear) struct loop loop = {0};
	int result = describe(plan, cgroup, proxy, &loop);

	if (result <= 0 || problems_leave_out(problems))
		return result < 0 ? result : 0;
	return problems_add(problems, PROBLEM_PROXY_LOOP, name, cure_of(plan, loop.holding, loop.late),
			    "the proxy %s listens in %s, and the rule on %s sends that cgroup's own traffic back to "
			    "the proxy, in a loop%s",
			    name, loop.shown, loop.place,
			    loop.late != NO_RULE ? _(". A rule that sends it direct exists, but comes too late") : "");
}

int upstream_loop_judge(struct plan *plan, const struct cgroup *cgroup, uint32_t proxy, struct problems *problems)
{
	const struct proxy *relayed = &plan->config->proxies[proxy];
	CLEANUP(loop_clear) struct loop loop = {0};
	char upstream[UPSTREAM_NAME_SIZE];
	int result = describe(plan, cgroup, proxy, &loop);

	if (result <= 0 || problems_leave_out(problems))
		return result < 0 ? result : 0;
	return problems_add(
		problems, PROBLEM_PROXY_LOOP, relayed->name, cure_of(plan, loop.holding, loop.late),
		"the relay of %s passes connections on to %s, which runs in %s, and the rule on %s sends that "
		"cgroup's own traffic back to the relay, in a loop%s",
		relayed->name, upstream_write(&relayed->relay.upstream, upstream), loop.shown, loop.place,
		loop.late != NO_RULE ? _(". A rule that sends it direct exists, but comes too late") : "");
}

/* All on TCP, who are few, and those on UDP at the ports of proxies. */
static int find_listeners(const struct config *config, struct listeners *listeners)
{
	int result = config->proxy_count > 0 ? listeners_find_tcp(listeners) : 0;

	for (size_t i = 0; i < config->proxy_count && result == 0; i++)
		result = listeners_find_udp(config->proxies[i].port, listeners);
	return result;
}

int proxy_loop_find(const struct comparison *comparison, int32_t rule, struct proxy_place *found)
{
	const struct plan *plan = comparison->plan;
	CLEANUP(listeners_clear) struct listeners listeners = {0};
	int result = find_listeners(plan->config, &listeners);

	for (const struct cgroup *cgroup = comparison->tree.root; cgroup != NULL && result == 0;
	     cgroup = cgroup_next(cgroup)) {
		const uint32_t target = plan_target(plan, cgroup);
		const int32_t holding = plan_rule(plan, cgroup);

		if (target < TARGET_FIRST_PROXY || (rule != NO_RULE && holding != rule) ||
		    !listeners_take_tproxy(&listeners, cgroup->id,
					   plan->config->proxies[target - TARGET_FIRST_PROXY].port))
			continue;
		*found = (struct proxy_place){cgroup_path_copy(cgroup), target - TARGET_FIRST_PROXY, holding};
		result = found->path != NULL ? 1 : -ENOMEM;
	}
	return result;
}

static bool is_at_or_below(const char *path, const char *top)
{
	const size_t length = strcmp(top, "/") != 0 ? strlen(top) : 0;

	return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Returns as proxy_place_find() does. */
static int find_below(const struct cgroup_index *index, const struct listener *listener, const char *top,
		      struct proxy_place *found)
{
	const struct cgroup *cgroup = cgroup_index_find(index, listener->cgroup_id);

	if (cgroup == NULL || cgroup->parent == NULL)
		return 0;
	found->path = cgroup_path_copy(cgroup);
	if (found->path == NULL)
		return -ENOMEM;
	if (is_at_or_below(found->path, top))
		return 1;
	free(found->path);
	found->path = NULL;
	return 0;
}

int proxy_place_find(const struct config *config, const struct cgroup_index *index, const char *path,
		     struct proxy_place *found)
{
	CLEANUP(listeners_clear) struct listeners listeners = {0};
	int result = find_listeners(config, &listeners);

	*found = (struct proxy_place){.rule = NO_RULE};
	for (size_t i = 0; i < listeners.count && result == 0; i++) {
		for (size_t j = 0; j < config->proxy_count && result == 0; j++) {
			found->proxy = (uint32_t)j;
			if (listeners.items[i].transparent && config->proxies[j].port == listeners.items[i].port)
				result = find_below(index, &listeners.items[i], path, found);
		}
	}
	return result;
}
