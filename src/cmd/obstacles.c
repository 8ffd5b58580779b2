/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/obstacles.h"

#include "cmd/finding.h"
#include "engine/names.h"
#include "inspect/firewall.h"
#include "inspect/problems.h"
#include "inspect/ways.h"
#include "nft/counter.h"
#include "nft/nft.h"
#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* One line per problem, in the format of "check system". */
static void print_problems(const struct problems *problems, const char *subject)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		finding_print(FINDING_WARNING, subject, "%s%s%s", problem->text, problem->cure != NULL ? ": " : "",
			      problem->cure != NULL ? problem->cure : "");
	}
	if (problems->left_out > 0)
		finding_print(FINDING_WARNING, subject, "%zu more are not shown", problems->left_out);
}

/* The kernel lists the tables created by iptables-legacy. */
static bool has_legacy_rules(const char *path)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");

	return file != NULL && fgetc(file) != EOF;
}

void check_firewall(const struct config *config)
{
	CLEANUP(problems_clear) struct problems problems = {0};
	int result = firewall_inspect(config, &problems);

	if (result == -EPERM)
		finding_print(FINDING_SKIPPED, "firewall",
			      "no permission to read other programs' rules; run it as root");
	else if (result < 0)
		finding_print(FINDING_SKIPPED, "firewall", "can't read other programs' rules: %s", strerror(-result));
	else if (problems.count == 0)
		finding_print(FINDING_OK, "firewall", "no other nftables rules interfere with steered traffic");
	print_problems(&problems, "firewall");
	if (has_legacy_rules("/proc/net/ip_tables_names") || has_legacy_rules("/proc/net/ip6_tables_names"))
		finding_print(FINDING_SKIPPED, "firewall",
			      "there are also iptables-legacy rules, which can't be inspected from here: "
			      "iptables-legacy-save and ip6tables-legacy-save list them");
}

void check_ways(const struct config *config)
{
	CLEANUP(problems_clear) struct problems problems = {0};
	struct ways ways = {0};
	int result = ways_inspect(config, &ways, &problems);

	if (result < 0)
		finding_print(FINDING_SKIPPED, "default route", "can't query the kernel: %s", strerror(-result));
	else if (ways.ip && ways.ip6)
		finding_print(FINDING_OK, "default route", "IPv4 and IPv6 have one");
	else if (ways.ip)
		finding_print(
			FINDING_NOTICE, "default route",
			"IPv4 has one. IPv6 has none, so IPv6 traffic fails at once as unreachable, proxied or not; "
			"for a proxy that takes IPv6: ip -6 route add default dev lo metric 4096");
	print_problems(&problems, "default route");
}

void check_fence(void)
{
	CLEANUP(nft_close) struct nft nft = {0};
	struct counter counter = {0};
	struct error error;

	if (nft_open(&nft, &error) < 0 || nft_query_counter(&nft, CHAIN_FENCE, &counter) < 0)
		return;
	if (counter.packets > 0)
		finding_print(FINDING_WARNING, "fence",
			      "%" PRIu64 " packets of proxied programs were about to bypass the proxy and were "
			      "dropped. Either a program binds its sockets to an interface, or another program "
			      "changed policy rules, routes or marks; see the other findings",
			      counter.packets);
	else
		finding_print(FINDING_OK, "fence", "no packet of a proxied program was about to bypass its proxy");
}
