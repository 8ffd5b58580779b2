/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/system.h"

#include "cmd/finding.h"
#include "cmd/obstacles.h"
#include "engine/engine.h"
#include "engine/instance.h"
#include "engine/requirements.h"
#include "inspect/host.h"
#include "inspect/listening.h"
#include "inspect/proxy_loop.h"
#include "route/order.h"
#include "route/route.h"
#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_kernel(const struct config *config)
{
	struct error error;
	int result = requirements_try(config, &error);

	if (result == -EPERM) {
		finding_print(FINDING_SKIPPED, "kernel", "%s", error.text);
		return EXIT_OK;
	}
	if (result < 0) {
		finding_print(FINDING_ERROR, "kernel", "%s", error.text);
		return EXIT_ERROR;
	}
	finding_print(FINDING_OK, "kernel", "nftables accepts the ruleset of this config; nothing was applied");
	return EXIT_OK;
}

/* Each cgroup takes one watch, from the same limit as the user's other programs. */
static void check_inotify(const struct engine *engine)
{
	unsigned long long watches = 0;
	size_t cgroups = engine_tree(engine)->count + 1;

	if (!host_inotify_watches(&watches))
		return;
	if (watches < 2 * cgroups)
		finding_print(FINDING_WARNING, "inotify",
			      "the sysctl fs.inotify.max_user_watches is %llu, and each of the %zu cgroups takes a "
			      "watch. New cgroups below one without a watch are found late. Set it to %zu or more",
			      watches, cgroups, 8 * cgroups);
	else
		finding_print(FINDING_OK, "inotify", "%zu cgroups, up to %llu watches", cgroups, watches);
}

/* Our rules have the protocol "kernel", which networkd never touches; a proxy's own rules may have another. */
static void check_networkd(void)
{
	if (!host_networkd_removes_rules())
		finding_print(FINDING_OK, "systemd-networkd", "it leaves other programs' policy rules alone");
	else
		finding_print(FINDING_OK, "systemd-networkd",
			      "if used, it removes other programs' policy rules when it starts, but not cgtproxy's, "
			      "which have the protocol kernel. To keep a proxy's own rules, set "
			      "ManageForeignRoutingPolicyRules=no in /etc/systemd/networkd.conf");
}

static bool has_hijack(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].dns_hijack.enabled)
			return true;
	}
	return false;
}

static void check_name_service(const struct config *config)
{
	if (!has_hijack(config))
		return;
	if (host_asks_resolved_before_dns())
		finding_print(
			FINDING_WARNING, "name service",
			"\"resolve\" comes before \"dns\" in the hosts line of /etc/nsswitch.conf, so programs query "
			"systemd-resolved, bypassing dns-hijack: DNS is that service's traffic. Put \"dns\" first "
			"and a server outside of \"bypass\" into /etc/resolv.conf, or add a rule for "
			"systemd-resolved");
	else
		finding_print(FINDING_OK, "name service",
			      "programs query name servers themselves, where dns-hijack applies");
}

/* Most such servers do reply from where they were asked, so this is no warning. */
static void check_name_servers(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		const struct proxy *proxy = &config->proxies[i];

		if (hijack_server_is_wildcard(&proxy->dns_hijack))
			finding_print(
				FINDING_NOTICE, "name service",
				"the name server of the proxy %s, on UDP port %u, listens on all addresses. Unless it "
				"replies from the address where it was asked (by IP_PKTINFO), programs don't get its "
				"replies; if they wait in vain, make it listen on the address of dns-hijack only",
				proxy->name, proxy->dns_hijack.port);
	}
}

static void check_br_netfilter(void)
{
	if (host_filters_bridges())
		finding_print(
			FINDING_WARNING, "br_netfilter",
			"the sysctl net.bridge.bridge-nf-call-iptables is 1, as container engines set it: bridged "
			"packets traverse the prerouting chain twice, and TPROXY may lose them. Set it to 0 if nothing "
			"needs it");
	else
		finding_print(FINDING_OK, "br_netfilter", "bridged packets don't traverse the IP chains of nftables");
}

static void check_rules(const struct routing *wanted, const struct route_state *state)
{
	bool is_well = true;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct route_family *family = &state->families[i];

		if (family->blocking[0] != '\0') {
			is_well = false;
			finding_print(
				FINDING_WARNING, "policy rules",
				"%s may take proxied packets elsewhere, and cgtproxy's can't be placed before it: "
				"packets that it takes are refused. Give it a priority above %d",
				family->blocking, LOWEST_PLACE);
		}
		if (family->reason[0] != '\0') {
			is_well = false;
			finding_print(
				FINDING_OK, "policy rules",
				"%s may take proxied packets elsewhere, so cgtproxy's now come before it, at priority "
				"%" PRIu32 " instead of %" PRIu32,
				family->reason, family->due, wanted->priority);
		}
	}
	if (is_well)
		finding_print(FINDING_OK, "policy rules", "no rule of another program takes proxied packets first");
}

static int check_routes(const struct routing *wanted, const struct route_state *state, struct rtnetlink *rtnetlink)
{
	const struct route_family *ip6 = &state->families[FAMILY_IPV6];
	struct error error;

	if (route_refuse_foreign(rtnetlink, wanted, &error) < 0) {
		finding_print(FINDING_ERROR, "routes", "%s", error.text);
		return EXIT_ERROR;
	}
	if (!state->loopback_is_up)
		finding_print(FINDING_WARNING, "routes",
			      "the loopback interface is down, so no proxy can be reached and proxied packets are "
			      "refused: ip link set lo up");
	else if (ip6->exists && ip6->in_use && !ip6->on_loopback)
		finding_print(
			FINDING_WARNING, "routes",
			"IPv6 is disabled on the loopback interface but enabled on others, so proxied IPv6 packets are "
			"refused: sysctl net.ipv6.conf.lo.disable_ipv6=0");
	else
		finding_print(FINDING_OK, "routes", "nothing else uses the routing table %" PRIu32, wanted->table);
	return EXIT_OK;
}

static int check_routing(const struct config *config)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	CLEANUP(freep) struct fwmark *marks = config_marks(config);
	const struct routing wanted = {config->route_table, config->rule_priority, marks, config->proxy_count};
	struct route_state state = {0};
	struct error error;
	int result = marks != NULL ? 0 : error_set(&error, -ENOMEM, "no memory");

	if (result == 0)
		result = route_look(&rtnetlink, &wanted, &state, &error);
	if (result < 0) {
		finding_print(FINDING_SKIPPED, "policy rules", "%s", error.text);
		return EXIT_OK;
	}
	check_rules(&wanted, &state);
	return check_routes(&wanted, &state, &rtnetlink);
}

int check_system(struct config *config)
{
	int code = check_kernel(config);
	int routing_code = EXIT_OK;
	CLEANUP(engine_freep) struct engine *engine = NULL;
	struct error error;

	check_networkd();
	check_name_service(config);
	check_name_servers(config);
	check_br_netfilter();
	routing_code = check_routing(config);
	check_ways(config);
	check_firewall(config);
	check_fence();
	engine = engine_new(config, &error);
	if (engine == NULL || engine_observe(engine, &error) < 0) {
		finding_print(FINDING_ERROR, "cgroups", "%s", error.text);
		return EXIT_ERROR;
	}
	check_inotify(engine);
	proxy_loop_warn(engine_instance(engine), engine_tree(engine)->root, true);
	return code != EXIT_OK ? code : routing_code;
}
