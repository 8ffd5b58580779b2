/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/system.h"

#include "cmd/finding.h"
#include "cmd/obstacles.h"
#include "engine/compile.h"
#include "engine/engine.h"
#include "engine/generation.h"
#include "nft/nft.h"
#include "nft/probe.h"
#include "route/route.h"
#include "util/cleanup.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

DEFINE_CLEANUP(struct engine *, engine_free)
DEFINE_CLEANUP(struct ruleset *, ruleset_free)

static bool read_number(const char *path, unsigned long long *number)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	char line[64];
	char *end = NULL;

	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		return false;
	*number = strtoull(line, &end, 10);
	return end != line;
}

static int check_kernel(const struct config *config)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = compile_ruleset(config);
	CLEANUP(nft_close) struct nft nft = {0};
	struct error error;
	int result = ruleset != NULL ? nft_open(&nft, &error) : error_set(&error, -ENOMEM, "no memory");

	if (result == 0)
		result = nft_try(&nft, ruleset, &error);
	if (result == -EPERM) {
		finding_print(FINDING_SKIPPED, "kernel", "%s", error.text);
		return EXIT_OK;
	}
	if (result < 0) {
		finding_print(FINDING_ERROR, "kernel", "%s", error.text);
		return EXIT_ERROR;
	}
	finding_print(FINDING_OK, "kernel", "nftables takes the ruleset of this config; nothing was applied");
	return EXIT_OK;
}

/* Each cgroup takes one watch; other programs of the same user take theirs. */
static void check_inotify(const struct engine *engine)
{
	unsigned long long watches = 0;
	size_t cgroups = engine_count_cgroups(engine) + 1;

	if (!read_number("/proc/sys/fs/inotify/max_user_watches", &watches))
		return;
	if (watches < 2 * cgroups)
		finding_print(FINDING_WARNING, "inotify",
			      "the sysctl fs.inotify.max_user_watches is %llu, and there are %zu cgroups, each of "
			      "which takes a "
			      "watch. New cgroups without one are found late. Set it to %zu or more",
			      watches, cgroups, 8 * cgroups);
	else
		finding_print(FINDING_OK, "inotify", "%zu cgroups, and room for %llu watches", cgroups, watches);
}

/* The value of the last line "KEY=..." in files that systemd reads in this order (systemd.syntax(7)). */
static void read_setting(const char *pattern, const char *key, char *value, size_t size)
{
	glob_t files;
	char line[512];

	if (glob(pattern, 0, NULL, &files) != 0) /* NOLINT(concurrency-mt-unsafe): there is one thread */
		return;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		CLEANUP(fclosep) FILE *file = fopen(files.gl_pathv[i], "re");

		while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
			if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == '=')
				snprintf(value, size, "%.*s", (int)strcspn(line + strlen(key) + 1, "\r\n \t"),
					 line + strlen(key) + 1);
		}
	}
	globfree(&files);
}

/* Our rules have the protocol "kernel", which networkd lets be in any case; a proxy's own rules may not. */
static void check_networkd(void)
{
	static const char *const patterns[] = {
		"/etc/systemd/networkd.conf",
		"/usr/lib/systemd/networkd.conf.d/*.conf",
		"/run/systemd/networkd.conf.d/*.conf",
		"/etc/systemd/networkd.conf.d/*.conf",
	};
	char value[16] = "yes";

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		read_setting(patterns[i], "ManageForeignRoutingPolicyRules", value, sizeof(value));
	if (strcmp(value, "no") == 0 || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		finding_print(FINDING_OK, "systemd-networkd", "it leaves policy rules of other programs alone");
	else
		finding_print(FINDING_OK, "systemd-networkd",
			      "if it runs, it removes policy rules of other programs when it starts, but not "
			      "cgtproxy's, which have "
			      "the protocol kernel. For a proxy's own rules set ManageForeignRoutingPolicyRules=no in "
			      "/etc/systemd/networkd.conf");
}

static bool has_hijack(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].dns_hijack.enabled)
			return true;
	}
	return false;
}

/* Whether a module of "hosts:" comes before "dns" in /etc/nsswitch.conf. */
static bool name_service_asks_first(const char *module)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/nsswitch.conf", "re");
	char line[512];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *state = NULL;
		char *word = strtok_r(line, " \t\r\n", &state);

		if (word == NULL || strcmp(word, "hosts:") != 0)
			continue;
		while ((word = strtok_r(NULL, " \t\r\n", &state)) != NULL && strcmp(word, "dns") != 0) {
			if (strcmp(word, module) == 0)
				return true;
		}
	}
	return false;
}

static void check_name_service(const struct config *config)
{
	if (!has_hijack(config))
		return;
	if (name_service_asks_first("resolve"))
		finding_print(
			FINDING_WARNING, "name service",
			"\"resolve\" comes before \"dns\" in the hosts line of /etc/nsswitch.conf, so programs hand "
			"their "
			"questions to systemd-resolved, past dns-hijack: they are that service's traffic. Put \"dns\" "
			"first "
			"and a server outside of \"bypass\" into /etc/resolv.conf, or give systemd-resolved a rule");
	else
		finding_print(FINDING_OK, "name service",
			      "programs ask name servers themselves, where dns-hijack sees it");
}

static void check_br_netfilter(void)
{
	unsigned long long on = 0;

	if (read_number("/proc/sys/net/bridge/bridge-nf-call-iptables", &on) && on != 0)
		finding_print(
			FINDING_WARNING, "br_netfilter",
			"the sysctl net.bridge.bridge-nf-call-iptables is 1, as container engines set it: bridged "
			"packets "
			"pass the prerouting chain twice, and TPROXY may lose them. Set it to 0 if nothing needs it");
	else
		finding_print(FINDING_OK, "br_netfilter", "bridged packets don't pass nftables' chains for IP");
}

struct earlier_count {
	size_t count;
	uint32_t own_priority;
};

static void tell_earlier_rule(const struct earlier_rule *rule, void *userdata)
{
	struct earlier_count *earlier = userdata;

	earlier->count++;
	finding_print(FINDING_WARNING, "policy rules",
		      "the %s rule of priority %" PRIu32 " (table %" PRIu32
		      "), a VPN's perhaps, comes before ours of %" PRIu32
		      " and may take packets with the mark 0x%" PRIx32 " elsewhere. Set rule-priority below %" PRIu32,
		      rule->family == AF_INET ? "IPv4" : "IPv6", rule->priority, rule->table, earlier->own_priority,
		      rule->mark, rule->priority);
}

static void check_policy_rules(const struct config *config)
{
	struct earlier_count earlier = {.own_priority = config->rule_priority};
	CLEANUP(freep) struct fwmark *marks = config_marks(config);
	const struct routing routing = {config->route_table, config->rule_priority, marks, config->proxy_count};
	int result = marks != NULL ? 0 : -ENOMEM;

	if (result == 0)
		result = route_find_earlier(&routing, tell_earlier_rule, &earlier);
	if (result < 0)
		finding_print(FINDING_SKIPPED, "policy rules", "can't list them: %s", strerror(-result));
	else if (earlier.count == 0)
		finding_print(FINDING_OK, "policy rules", "none of other programs takes proxied packets first");
}

int check_system(struct config *config)
{
	int code = check_kernel(config);
	CLEANUP(engine_freep) struct engine *engine = NULL;
	struct error error;

	check_networkd();
	check_name_service(config);
	check_br_netfilter();
	check_policy_rules(config);
	check_obstacles();
	check_fence();
	engine = engine_new(config, &error);
	if (engine == NULL || engine_observe(engine, &error) < 0) {
		finding_print(FINDING_ERROR, "cgroups", "%s", error.text);
		return EXIT_ERROR;
	}
	check_inotify(engine);
	engine_warn_of_loops(engine, true);
	return code;
}
