/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/finders.h"

#include "engine/instance.h"
#include "engine/names.h"
#include "inspect/container_problems.h"
#include "inspect/firewall.h"
#include "inspect/gateway_problems.h"
#include "inspect/host.h"
#include "inspect/proxies.h"
#include "inspect/proxy_cgroups.h"
#include "inspect/proxy_loop.h"
#include "inspect/routing_problems.h"
#include "inspect/watches.h"
#include "inspect/ways.h"
#include "nft/counter.h"
#include "nft/nft.h"
#include "route/bridge.h"
#include "route/links.h"
#include "route/route.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int scene_set(struct scene *scene, struct error *error)
{
	return comparison_make(&scene->comparison, scene->config, error);
}

void scene_clear(struct scene *scene)
{
	comparison_clear(&scene->comparison);
}

static int look_at_routing(const struct scene *scene, bool at_rules, struct problems *problems)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	CLEANUP(freep) struct fwmark *marks = config_marks(scene->config);
	const struct routing wanted = config_routing(scene->config, marks);
	struct route_state state = {0};
	struct error error;
	int result = marks != NULL ? route_look(&rtnetlink, &wanted, &state, &error) : -ENOMEM;

	if (result < 0)
		return result;
	return at_rules ? routing_judge_rules(&wanted, &state, scene->in_force, problems)
			: routing_judge_routes(&wanted, &state, scene->in_force, problems);
}

static int find_policy_rules(const struct scene *scene, struct problems *problems)
{
	return look_at_routing(scene, true, problems);
}

static int find_routes(const struct scene *scene, struct problems *problems)
{
	return look_at_routing(scene, false, problems);
}

static int find_ways(const struct scene *scene, struct problems *problems)
{
	struct ways ways;

	return ways_inspect(scene->config, &ways, problems);
}

static int find_loops(const struct scene *scene, const struct proxy_cgroups *cgroups, struct problems *problems)
{
	const struct cgroup *cgroup = scene->comparison.tree.root;
	int result = 0;

	for (; cgroup != NULL && cgroups->count > 0 && result == 0; cgroup = cgroup_next(cgroup)) {
		size_t count = 0;
		const struct proxy_cgroup *found = proxy_cgroups_find(cgroups, cgroup->id, &count);

		for (size_t i = 0; i < count && cgroup->parent != NULL && result == 0; i++)
			result = proxy_loop_judge(scene->comparison.plan, cgroup, found[i].proxy, problems);
	}
	return result;
}

static int find_proxy(const struct scene *scene, uint32_t proxy, const struct proxy_surroundings *surroundings,
		      struct problems *problems)
{
	const struct config *config = scene->config;
	CLEANUP(listeners_clear) struct listeners listeners = {0};
	CLEANUP(proxy_cgroups_clear) struct proxy_cgroups cgroups = {0};
	int result = listeners_find(config->proxies[proxy].port, &listeners);

	if (result == 0)
		result = proxy_judge(config, &config->proxies[proxy], &listeners, surroundings, problems);
	if (result == 0)
		result = proxy_cgroups_add(&cgroups, proxy, &listeners, surroundings);
	return result == 0 ? find_loops(scene, &cgroups, problems) : result;
}

static int find_proxies(const struct scene *scene, struct problems *problems)
{
	struct proxy_surroundings surroundings;
	int result = proxies_look_around(&surroundings);

	for (uint32_t i = 0; i < scene->config->proxy_count && result == 0; i++)
		result = find_proxy(scene, i, &surroundings, problems);
	return result;
}

static int find_rules(const struct scene *scene, struct problems *problems)
{
	return coverage_judge(&scene->comparison.coverage, problems);
}

static int find_firewall(const struct scene *scene, struct problems *problems)
{
	return firewall_inspect(scene->config, problems);
}

/* Where the host's own traffic may be affected. */
static int judge_any_bridge(struct problems *problems)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	const int exists = host_filters_bridges(false) ? bridge_exists(&rtnetlink) : 0;

	if (exists <= 0)
		return exists;
	return problems_add(problems, PROBLEM_BRIDGES, "net.bridge.bridge-nf-call-iptables",
			    strdup("sysctl -w net.bridge.bridge-nf-call-iptables=0"),
			    "the sysctl net.bridge.bridge-nf-call-iptables is 1, as container engines set it, and "
			    "there is a bridge: bridged packets traverse the prerouting chain twice, and TPROXY may "
			    "lose them. Set it to 0 if nothing needs it");
}

int bridges_judge(const struct config *config, struct problems *problems)
{
	CLEANUP(links_clear) struct links links = {0};
	const size_t before = problems_total(problems);
	int result = 0;

	if (gateway_is_used(config))
		result = links_read(&links);
	if (result == 0)
		result = gateway_judge_bridges(config, &links, problems);
	/* what is said of the gateway includes it */
	if (result < 0 || problems_total(problems) > before || config->proxy_count == 0)
		return result;
	return judge_any_bridge(problems);
}

static int find_bridges(const struct scene *scene, struct problems *problems)
{
	return bridges_judge(scene->config, problems);
}

static int find_gateway(const struct scene *scene, struct problems *problems)
{
	return gateway_judge(scene->config, problems);
}

static int find_containers(const struct scene *scene, struct problems *problems)
{
	return containers_judge(scene->config, &scene->comparison, problems);
}

int fence_judge(uint64_t packets, struct problems *problems)
{
	if (packets == 0)
		return 0;
	return problems_add(
		problems, PROBLEM_FENCE, _("packets of proxied programs"), strdup("systemctl reload cgtproxy"),
		"%" PRIu64 " packets of proxied programs were about to bypass the proxy and were dropped: a "
		"program binds its sockets to an interface, or another program changed policy rules, routes "
		"or marks. When the reason is gone, a reload resets the count, and so do ten minutes without "
		"any",
		packets);
}

static int find_fenced(const struct scene *scene, struct problems *problems)
{
	CLEANUP(nft_close) struct nft nft = {0};
	struct counter counter = {0};
	struct error error;
	int result = nft_open(&nft, &error);

	(void)scene;
	if (result == 0)
		result = nft_query_counter(&nft, CHAIN_FENCE, &counter);
	if (result == -ENOENT) /* nothing is in force */
		return 0;
	return result < 0 ? result : fence_judge(counter.packets, problems);
}

static int find_watches(const struct scene *scene, struct problems *problems)
{
	return watches_judge(scene->pid, scene->comparison.tree.count + 1, problems);
}

const struct finder *finders_all(size_t *count)
{
	static const struct finder finders[] = {
		{N_("policy rules"), N_("no rule of another program takes proxied packets first"), find_policy_rules},
		{N_("routes"), N_("nothing else uses the routing table, and it leads to the loopback interface"),
		 find_routes},
		{N_("default route"), N_("packets have a way out"), find_ways},
		{N_("proxies"), N_("who listens on their ports, listens for TPROXY and is not sent its own traffic"),
		 find_proxies},
		{N_("rules"), N_("none of them is without effect on the cgroups that it matches"), find_rules},
		{N_("firewall"), N_("no other nftables rules interfere with steered traffic"), find_firewall},
		{"br_netfilter", N_("bridged packets don't traverse the IP chains of nftables"), find_bridges},
		{N_("gateway"), N_("nothing keeps what other hosts send from being forwarded, or from a name server"),
		 find_gateway},
		{N_("containers"), N_("programs that share a network of their own have the same target"),
		 find_containers},
		{N_("fence"), N_("no packet of a proxied program was about to bypass its proxy"), find_fenced},
		{"inotify", N_("there is a watch for each cgroup"), find_watches},
	};

	*count = sizeof(finders) / sizeof(finders[0]);
	return finders;
}
