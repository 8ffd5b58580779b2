/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/obstacles.h"

#include "cmd/finding.h"
#include "engine/names.h"
#include "nft/counter.h"
#include "nft/nft.h"
#include "nft/others.h"
#include "route/way.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { SHOWN_SIZE = ESCAPED_SIZE(OTHERS_NAME_SIZE) };

/* Each says what the chain does, what comes of it, and what to do; the names are the family's, table's and chain's. */
static void tell_obstacle(const struct obstacle *obstacle, void *userdata)
{
	char table[SHOWN_SIZE];
	char chain[SHOWN_SIZE];
	size_t *count = userdata;

	(*count)++;
	escape(table, sizeof(table), obstacle->table, strlen(obstacle->table));
	escape(chain, sizeof(chain), obstacle->chain, strlen(obstacle->chain));
	switch (obstacle->kind) {
	case OBSTACLE_MARK:
		finding_print(FINDING_WARNING, "firewall",
			      "the chain %s of the table %s %s sets marks of outgoing packets behind cgtproxy's chain "
			      "(priority -145). What is proxied and gets another mark there is dropped; where the "
			      "chain sets the mark to 0, it bypasses the proxy. Give the chain a lower priority",
			      chain, obstacle->family, table);
		break;
	case OBSTACLE_NOTRACK:
		finding_print(
			FINDING_WARNING, "firewall",
			"the chain %s of the table %s %s has \"notrack\" rules. Without connection tracking the "
			"answers of a server in a proxied or dropped cgroup are not known as answers, and don't get "
			"out",
			chain, obstacle->family, table);
		break;
	case OBSTACLE_INPUT_POLICY:
		finding_print(
			FINDING_WARNING, "firewall",
			"the chain %s of the table %s %s drops what it does not know, and nothing in it accepts what "
			"comes from the loopback interface, as all proxied traffic does: "
			"nft insert rule %s %s %s iif lo accept",
			chain, obstacle->family, table, obstacle->family, table, chain);
		break;
	case OBSTACLE_ANSWERS:
		finding_print(
			FINDING_WARNING, "firewall",
			"the chain %s of the table %s %s drops packets by where their addresses should come from "
			"(wg-quick does so), which may be a proxy's answers: nft insert rule %s %s %s iif lo accept",
			chain, obstacle->family, table, obstacle->family, table, chain);
		break;
	}
}

/* The kernel lists the tables that iptables-legacy has made. */
static bool has_legacy_rules(const char *path)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");

	return file != NULL && fgetc(file) != EOF;
}

void check_obstacles(void)
{
	CLEANUP(nft_close) struct nft nft = {0};
	struct error error;
	size_t count = 0;
	int result = nft_open(&nft, &error);

	if (result == 0)
		result = nft_find_obstacles(&nft, tell_obstacle, &count);
	if (result == -EPERM)
		finding_print(FINDING_SKIPPED, "firewall",
			      "no permission to read other programs' rules; run it as root");
	else if (result < 0)
		finding_print(FINDING_SKIPPED, "firewall", "can't read other programs' rules: %s", strerror(-result));
	else if (count == 0)
		finding_print(FINDING_OK, "firewall", "no other nftables rules get in the way of steered traffic");
	if (has_legacy_rules("/proc/net/ip_tables_names") || has_legacy_rules("/proc/net/ip6_tables_names"))
		finding_print(FINDING_SKIPPED, "firewall",
			      "there are rules of iptables-legacy as well, which can't be looked at from here: "
			      "iptables-legacy-save and ip6tables-legacy-save list them");
}

void check_ways(void)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int result = way_look(&rtnetlink, AF_INET);
	int result6 = way_look(&rtnetlink, AF_INET6);

	if (result == -ENETUNREACH || result == -EHOSTUNREACH)
		finding_print(FINDING_WARNING, "default route",
			      "there is none for IPv4. The kernel refuses to send before any rule is asked, so proxied "
			      "programs reach nothing either (\"Network is unreachable\"). Add one, if only to the "
			      "loopback interface: ip route add default dev lo");
	else if (result == 0 && result6 < 0)
		finding_print(
			FINDING_OK, "default route",
			"IPv4 has one. IPv6 has none, so programs are told at once that it is unreachable, proxied "
			"or not; for a proxy that takes IPv6: ip -6 route add default dev lo metric 4096");
	else if (result == 0)
		finding_print(FINDING_OK, "default route", "IPv4 and IPv6 have one");
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
