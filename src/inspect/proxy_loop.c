/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/proxy_loop.h"

#include "policy/pattern_set.h"
#include "socket/listeners.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <stdlib.h>
#include <string.h>

static const struct cgroup *find_cgroup(const struct cgroup *root, uint64_t id)
{
	const struct cgroup *cgroup = root;

	while (cgroup != NULL && cgroup->id != id)
		cgroup = cgroup_next(cgroup);
	return cgroup;
}

static bool is_repeated(const struct listeners *listeners, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (listeners->items[i].cgroup_id == listeners->items[index].cgroup_id)
			return true;
	}
	return false;
}

/* Whether a rule with this text can be typed in any editor. */
static bool is_plain(const char *text)
{
	while (*text > ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

static void warn_of_loop(struct plan *plan, const struct proxy *proxy, const struct cgroup *cgroup)
{
	size_t length = cgroup_path(cgroup, plan->path);
	CLEANUP(freep) char *quoted = pattern_quote(plan->path, length);
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));
	char place[RULE_PLACE_SIZE];

	if (quoted == NULL || shown == NULL)
		return;
	escape(shown, ESCAPED_SIZE(length), plan->path, length);
	log_warning("the proxy %s listens in %s, and the rule on %s sends that cgroup's own traffic back to the "
		    "proxy, in a loop. Add a rule before it that sends the cgroup direct%s%s%s",
		    proxy->name, shown, config_rule_place(&plan->config->rules[plan_rule(plan, cgroup)], place),
		    is_plain(quoted) ? ":\n  - match: ^" : "", is_plain(quoted) ? quoted : "",
		    is_plain(quoted) ? "(/|$)\n    direct: true" : "");
}

static void check_proxy(struct plan *plan, const struct cgroup *root, uint32_t index, bool absent)
{
	const struct proxy *proxy = &plan->config->proxies[index];
	struct listeners listeners = {0};
	int error = listeners_find(proxy->port, &listeners);

	if (error < 0)
		log_debug("can't find out who listens on port %u: %s", proxy->port, strerror(-error));
	else if (absent && listeners.count == 0)
		log_warning("nothing listens on port %u, where the traffic for the proxy %s is sent", proxy->port,
			    proxy->name);
	for (size_t i = 0; i < listeners.count; i++) {
		const struct cgroup *cgroup = find_cgroup(root, listeners.items[i].cgroup_id);

		if (cgroup != NULL && cgroup->parent != NULL && !is_repeated(&listeners, i) &&
		    plan_target(plan, cgroup) == TARGET_FIRST_PROXY + index)
			warn_of_loop(plan, proxy, cgroup);
	}
	listeners_clear(&listeners);
}

void proxy_loop_warn(struct instance *instance, const struct cgroup *root, bool absent)
{
	for (uint32_t i = 0; i < instance->config->proxy_count; i++)
		check_proxy(&instance->plan, root, i, absent);
}
