/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/obstacles.h"

#include "cmd/cmd.h"
#include "cmd/finding.h"
#include "engine/instance.h"
#include "inspect/finders.h"
#include "inspect/gateway_match.h"
#include "inspect/gateway_problems.h"
#include "inspect/ways.h"
#include "route/links.h"
#include "route/route.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The kernel lists the tables created by iptables-legacy. */
static bool has_legacy_rules(const char *path)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");

	return file != NULL && fgetc(file) != EOF;
}

static void mention_legacy_rules(void)
{
	if (has_legacy_rules("/proc/net/ip_tables_names") || has_legacy_rules("/proc/net/ip6_tables_names"))
		finding_print(FINDING_SKIPPED, N_("firewall"),
			      "there are also iptables-legacy rules, which can't be inspected from here: "
			      "iptables-legacy-save and ip6tables-legacy-save list them");
}

/* Ours move to wherever they have to be: that is worth a word and no warning. */
static bool mention_displaced_rules(const struct config *config)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	CLEANUP(freep) struct fwmark *marks = config_marks(config);
	const struct routing wanted = config_routing(config, marks);
	struct route_state state = {0};
	struct error error;
	bool is_displaced = false;

	if (marks == NULL || route_look(&rtnetlink, &wanted, &state, &error) < 0)
		return false;
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct route_family *family = &state.families[i];

		if (family->reason[0] == '\0')
			continue;
		is_displaced = true;
		finding_print(
			FINDING_OK, N_("policy rules"),
			"%s may take proxied packets elsewhere, so cgtproxy's now come before it, at priority %" PRIu32
			" instead of %" PRIu32,
			family->reason, family->due, wanted.priority);
	}
	return is_displaced;
}

static bool mention_ways(const struct config *config)
{
	CLEANUP(problems_clear) struct problems problems = {0};
	struct ways ways = {0};

	if (ways_inspect(config, &ways, &problems) < 0)
		return false;
	if (ways.ip && ways.ip6)
		finding_print(FINDING_OK, N_("default route"), "IPv4 and IPv6 have one");
	else if (ways.ip)
		finding_print(
			FINDING_NOTICE, N_("default route"),
			"IPv4 has one. IPv6 has none, so IPv6 traffic fails at once as unreachable, proxied or not; "
			"for a proxy that takes IPv6: ip -6 route add default dev lo metric 4096");
	return ways.ip;
}

/* An interface may well appear later. */
static void mention_absent_interfaces(const struct config *config)
{
	CLEANUP(links_clear) struct links links = {0};

	if (!gateway_is_used(config) || links_read(&links) < 0)
		return;
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		const struct gateway_rule *rule = &config->gateway.rules[i];

		for (size_t j = 0; j < rule->value_count; j++) {
			char name[ESCAPED_SIZE(IFNAMSIZ)];
			const char *absent = gateway_absent_interface(rule, j, &links);

			if (absent != NULL)
				finding_print(FINDING_NOTICE, N_("gateway"),
					      "there is no interface %s now, which the rule in line %d names",
					      escape(name, sizeof(name), absent, strnlen(absent, IFNAMSIZ)),
					      rule->position.line);
		}
	}
}

static void print_fine(const struct finder *finder, const struct config *config)
{
	bool is_said = false;

	if (strcmp(finder->subject, "policy rules") == 0)
		is_said = mention_displaced_rules(config);
	if (strcmp(finder->subject, "default route") == 0)
		is_said = mention_ways(config);
	if (strcmp(finder->subject, "gateway") == 0)
		is_said = !gateway_is_used(config);
	if (!is_said)
		finding_print(FINDING_OK, finder->subject, "%s", _(finder->fine));
}

/* A route of others in our table keeps the daemon from starting, and a bridge with br_netfilter breaks the gateway. */
bool problems_print(const struct problems *problems, const char *subject)
{
	bool is_grave = false;

	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		const bool is_error = problem->kind == PROBLEM_FOREIGN_ROUTE || problem->kind == PROBLEM_GATEWAY_BRIDGE;

		is_grave = is_grave || is_error;
		finding_print(is_error ? FINDING_ERROR : FINDING_WARNING, subject, "%s%s%s", problem->text,
			      problem->cure != NULL ? _(": ") : "", problem->cure != NULL ? problem->cure : "");
	}
	if (problems->left_out > 0)
		finding_print(FINDING_WARNING, subject, "%zu more are not shown", problems->left_out);
	return is_grave;
}

/* Returns whether the daemon could not start because of what it finds. */
static bool run_finder(const struct finder *finder, const struct scene *scene)
{
	CLEANUP(problems_clear) struct problems problems = {0};
	int result = finder->find(scene, &problems);

	if (result == -EPERM)
		finding_print(FINDING_SKIPPED, finder->subject, "no permission to look; run it as root");
	else if (result < 0)
		finding_print(FINDING_SKIPPED, finder->subject, "can't look: %s", strerror(-result));
	else if (problems_total(&problems) == 0)
		print_fine(finder, scene->config);
	return problems_print(&problems, finder->subject);
}

int check_problems(const struct config *config)
{
	CLEANUP(scene_clear) struct scene scene = {.config = config};
	size_t count = 0;
	const struct finder *finders = finders_all(&count);
	bool is_grave = false;
	struct error error;

	if (scene_set(&scene, &error) < 0) {
		finding_print(FINDING_ERROR, N_("cgroups"), "%s", error.text);
		return EXIT_ERROR;
	}
	for (size_t i = 0; i < count; i++)
		is_grave = run_finder(&finders[i], &scene) || is_grave;
	mention_absent_interfaces(config);
	mention_legacy_rules();
	return is_grave ? EXIT_ERROR : EXIT_OK;
}
