/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/text.h"

#include "nft/hook.h"
#include "nft/words.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : "udp";
}

static void print_verdict(FILE *out, const struct verdict *verdict)
{
	switch (verdict->kind) {
	case VERDICT_RETURN:
		fputs("return", out);
		break;
	case VERDICT_ACCEPT:
		fputs("accept", out);
		break;
	case VERDICT_DROP:
		fputs("drop", out);
		break;
	case VERDICT_GOTO:
		fprintf(out, "goto %s", verdict->chain);
		break;
	case VERDICT_CONTINUE:
		fputs("continue", out);
		break;
	}
}

static void print_mark(FILE *out, const struct mark *mark)
{
	if (mark->mask == UINT32_MAX)
		fprintf(out, "meta mark 0x%08" PRIx32, mark->value);
	else
		fprintf(out, "meta mark & 0x%08" PRIx32 " == 0x%08" PRIx32, mark->mask, mark->value);
}

static void print_set_mark(FILE *out, const struct mark *mark)
{
	if (mark->mask == UINT32_MAX)
		fprintf(out, "meta mark set 0x%08" PRIx32, mark->value);
	else
		fprintf(out, "meta mark set meta mark & 0x%08" PRIx32 " | 0x%08" PRIx32, ~mark->mask, mark->value);
}

static void print_daddr(FILE *out, const char *protocol, int family, const void *address)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, "%s daddr %s", protocol, inet_ntop(family, address, text, sizeof(text)));
}

static void print_dnat(FILE *out, const struct statement *statement)
{
	char address[INET6_ADDRSTRLEN];

	if (statement->kind == STATEMENT_DNAT)
		fprintf(out, "dnat ip to %s:%u", inet_ntop(AF_INET, &statement->nat.ip, address, sizeof(address)),
			statement->nat.port);
	else
		fprintf(out, "dnat ip6 to [%s]:%u", inet_ntop(AF_INET6, &statement->nat.ip6, address, sizeof(address)),
			statement->nat.port);
}

/* root: the root cgroup as nft reads it; no socket below it has it at a level, so "!=" means "there is one" */
static void print_statement(FILE *out, const struct statement *statement, const char *root)
{
	switch (statement->kind) {
	case STATEMENT_CGROUP_VMAP:
		fprintf(out, "socket cgroupv2 level %" PRIu32 " vmap @" MAP_CGROUP, statement->level);
		break;
	case STATEMENT_CGROUP_SET:
		fprintf(out, "socket cgroupv2 level %" PRIu32 " @%s", statement->set.level, statement->set.name);
		break;
	case STATEMENT_IN_CGROUP:
		fprintf(out, "socket cgroupv2 level %" PRIu32 " != \"%s\"", statement->level, root);
		break;
	case STATEMENT_CT_UNCONFIRMED:
		fputs("ct status ! confirmed", out);
		break;
	case STATEMENT_CT_ORIGINAL:
		fputs("ct direction original", out);
		break;
	case STATEMENT_CT_REPLY:
		fputs("ct direction reply", out);
		break;
	case STATEMENT_CT_LABEL:
		fprintf(out, "ct label %u", statement->label);
		break;
	case STATEMENT_CT_NO_LABEL:
		fprintf(out, "ct label ! %u", statement->label);
		break;
	case STATEMENT_SADDR_FOREIGN:
		fputs("fib saddr type != local", out);
		break;
	case STATEMENT_DADDR:
		print_daddr(out, "ip", AF_INET, &statement->ip);
		break;
	case STATEMENT_DADDR6:
		print_daddr(out, "ip6", AF_INET6, &statement->ip6);
		break;
	case STATEMENT_DADDR_LOCAL:
		fputs("fib daddr type local", out);
		break;
	case STATEMENT_DADDR_BROADCAST:
		fputs("fib daddr type broadcast", out);
		break;
	case STATEMENT_DADDR_MULTICAST:
		fputs("ip daddr 224.0.0.0/4", out);
		break;
	case STATEMENT_DADDR_MULTICAST6:
		fputs("ip6 daddr ff00::/8", out);
		break;
	case STATEMENT_DADDR_BYPASS:
		fputs("ip daddr @" SET_BYPASS, out);
		break;
	case STATEMENT_DADDR_BYPASS6:
		fputs("ip6 daddr @" SET_BYPASS6, out);
		break;
	case STATEMENT_NFPROTO:
		fprintf(out, "meta nfproto %s", statement->protocol == NFPROTO_IPV6 ? "ipv6" : "ipv4");
		break;
	case STATEMENT_L4PROTO:
		fprintf(out, "meta l4proto %s", protocol_name(statement->protocol));
		break;
	case STATEMENT_NOT_L4PROTO:
		fprintf(out, "meta l4proto != %s", protocol_name(statement->protocol));
		break;
	case STATEMENT_TCP_OR_UDP:
		fputs("meta l4proto { tcp, udp }", out);
		break;
	case STATEMENT_NOT_TCP_OR_UDP:
		fputs("meta l4proto != { tcp, udp }", out);
		break;
	case STATEMENT_DPORT:
		fprintf(out, "th dport %u", statement->port);
		break;
	case STATEMENT_IIF_LO:
		fputs("iif lo", out);
		break;
	case STATEMENT_IIF_ANY:
		fputs("iif != 0", out);
		break;
	case STATEMENT_IIF_NONE:
		fputs("iif 0", out);
		break;
	case STATEMENT_OIF_LO:
		fputs("oif lo", out);
		break;
	case STATEMENT_MARK:
		print_mark(out, &statement->mark);
		break;
	case STATEMENT_MARKED:
		fputs("meta mark != 0x00000000", out);
		break;
	case STATEMENT_MARK_VMAP:
		fputs("meta mark vmap @" MAP_MARK, out);
		break;
	case STATEMENT_MARK_DNS_VMAP:
		fputs("meta mark vmap @" MAP_MARK_DNS, out);
		break;
	case STATEMENT_COUNTER_NAME:
		fprintf(out, "counter name \"%s\"", statement->name);
		break;
	case STATEMENT_SET_MARK:
		print_set_mark(out, &statement->mark);
		break;
	case STATEMENT_SET_CT_LABEL:
		fprintf(out, "ct label set %u", statement->label);
		break;
	case STATEMENT_DNAT:
	case STATEMENT_DNAT6:
		print_dnat(out, statement);
		break;
	case STATEMENT_TPROXY:
		fprintf(out, "tproxy to :%u", statement->port);
		break;
	case STATEMENT_REJECT:
		fputs("reject", out);
		break;
	case STATEMENT_REJECT_RESET:
		fputs("reject with tcp reset", out);
		break;
	case STATEMENT_VERDICT:
		print_verdict(out, &statement->verdict);
		break;
	}
}

static void print_rule(FILE *out, const struct rule *rule, const char *root)
{
	fputs("\t\t", out);
	for (size_t i = 0; i < rule->count; i++) {
		if (i > 0)
			fputc(' ', out);
		print_statement(out, &rule->statements[i], root);
	}
	fputc('\n', out);
}

/* The rules that follow from the levels are no part of the ruleset's chains. */
static void print_chain(FILE *out, const struct chain *chain, const struct chain *output, const struct chain *steered,
			const char *root)
{
	const struct hook *hook = hook_of(chain->hook);
	const struct chain *rules = chain;

	if (chain->hook == HOOK_ROUTE_OUTPUT)
		rules = output;
	else if (strcmp(chain->name, CHAIN_STEER) == 0)
		rules = steered;
	fprintf(out, "\n\tchain %s {\n", chain->name);
	if (hook != NULL)
		fprintf(out, "\t\t%s\n", hook->text);
	for (size_t i = 0; i < rules->count; i++)
		print_rule(out, &rules->rules[i], root);
	fputs("\t}\n", out);
}

static void print_interval_set(FILE *out, const char *name, int family, const struct interval_set *set)
{
	char first[INET6_ADDRSTRLEN];
	char last[INET6_ADDRSTRLEN];

	fprintf(out, "\tset %s {\n\t\ttype %s\n\t\tflags interval\n\t\tauto-merge\n", name,
		family == AF_INET ? "ipv4_addr" : "ipv6_addr");
	if (set->count > 0)
		fputs("\t\telements = {", out);
	for (size_t i = 0; i < set->count; i++) {
		inet_ntop(family, set->intervals[i].first, first, sizeof(first));
		inet_ntop(family, set->intervals[i].last, last, sizeof(last));
		fprintf(out, "%s %s", i > 0 ? "," : "", first);
		if (strcmp(first, last) != 0)
			fprintf(out, "-%s", last);
	}
	fprintf(out, "%s\t}\n", set->count > 0 ? " }\n" : "");
}

static void print_mark_map(FILE *out, const char *name, const struct mark_map *map)
{
	fprintf(out, "\n\tmap %s {\n\t\ttype mark : verdict\n", name);
	if (map->count > 0)
		fputs("\t\telements = {", out);
	for (size_t i = 0; i < map->count; i++) {
		fprintf(out, "%s 0x%08" PRIx32 " : ", i > 0 ? "," : "", map->elements[i].mark);
		print_verdict(out, &map->elements[i].verdict);
	}
	fprintf(out, "%s\t}\n", map->count > 0 ? " }\n" : "");
}

static bool nft_can_read(const char *path)
{
	const unsigned char *byte = (const unsigned char *)path;

	while (*byte > ' ' && *byte < 0x7f && *byte != '"')
		byte++;
	return *byte == '\0';
}

/* How the cgroup map says where a cgroup goes, see struct element. */
static void print_map_verdict(FILE *out, const struct verdict *verdict)
{
	if (verdict->kind == VERDICT_GOTO)
		fputs("continue", out);
	else
		print_verdict(out, verdict);
}

static void print_comment_element(FILE *out, const struct path_element *element)
{
	size_t length = strlen(element->path);
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));

	if (shown == NULL)
		return;
	fprintf(out, "\t\t# %s : ", escape(shown, ESCAPED_SIZE(length), element->path, length));
	print_verdict(out, element->verdict);
	fputc('\n', out);
}

/* target: only what goes there, without a verdict, or NULL for the map */
static void print_cgroup_elements(FILE *out, const struct path_elements *cgroups, const char *target)
{
	bool begun = false;

	for (size_t i = 0; i < cgroups->count && cgroups->root != NULL; i++) {
		const struct path_element *element = &cgroups->elements[i];

		if (!nft_can_read(element->path))
			continue;
		if (target != NULL &&
		    (element->verdict->kind != VERDICT_GOTO || strcmp(element->verdict->chain, target) != 0))
			continue;
		fprintf(out, "%s\"%s%s\"", begun ? ",\n\t\t\t     " : "\t\telements = { ", cgroups->root,
			element->path);
		if (target == NULL) {
			fputs(" : ", out);
			print_map_verdict(out, element->verdict);
		}
		begun = true;
	}
	fprintf(out, "%s\t}\n", begun ? " }\n" : "");
}

static void print_cgroup_map(FILE *out, const struct path_elements *cgroups, uint32_t room)
{
	fputs("\n\tmap " MAP_CGROUP " {\n\t\ttype cgroupsv2 : verdict\n", out);
	if (room > 0)
		fprintf(out, "\t\tsize %" PRIu32 "\n", room);
	for (size_t i = 0; i < cgroups->count; i++) {
		if (cgroups->root == NULL || !nft_can_read(cgroups->elements[i].path))
			print_comment_element(out, &cgroups->elements[i]);
	}
	print_cgroup_elements(out, cgroups, NULL);
}

static void print_targets(FILE *out, const struct ruleset *ruleset, const struct path_elements *cgroups)
{
	for (size_t i = 0; i < ruleset->target_count; i++) {
		fprintf(out, "\n\tset %s {\n\t\ttype cgroupsv2\n", ruleset->targets[i].chain);
		print_cgroup_elements(out, cgroups, ruleset->targets[i].chain);
	}
}

static void print_unreadable_names(FILE *out, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (!nft_can_name(ruleset->chains[i].name))
			fprintf(out,
				"# \"nft -f\" can't read this text: its language has no way to name a chain %s. The "
				"daemon "
				"does without nft\n",
				ruleset->chains[i].name);
	}
}

void ruleset_print(FILE *out, const struct ruleset *ruleset, const struct level_set *levels,
		   const struct path_elements *cgroups)
{
	struct chain output = {.hook = HOOK_NONE};
	struct chain steered = {.hook = HOOK_NONE};
	const char *root = cgroups->root != NULL ? cgroups->root : ".";

	if (ruleset_level_rules(ruleset, levels, &output) < 0 || ruleset_steered_rules(ruleset, levels, &steered) < 0)
		return;
	print_unreadable_names(out, ruleset);
	fputs("table inet " TABLE_NAME " {\n", out);
	for (size_t i = 0; i < ruleset->counter_count; i++)
		fprintf(out, "\tcounter %s {\n\t}\n\n", ruleset->counters[i]);
	print_interval_set(out, SET_BYPASS, AF_INET, &ruleset->bypass);
	fputc('\n', out);
	print_interval_set(out, SET_BYPASS6, AF_INET6, &ruleset->bypass6);
	print_cgroup_map(out, cgroups, ruleset->room);
	print_mark_map(out, MAP_MARK, &ruleset->marks);
	print_mark_map(out, MAP_MARK_DNS, &ruleset->dns_marks);
	print_targets(out, ruleset, cgroups);
	for (size_t i = 0; i < ruleset->chain_count; i++)
		print_chain(out, &ruleset->chains[i], &output, &steered, root);
	fputs("}\n", out);
	chain_clear(&output);
	chain_clear(&steered);
}
