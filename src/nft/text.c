/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/text.h"

#include "nft/hook.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <stdlib.h>

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	default:
		return "ipv6-icmp";
	}
}

static void print_mark(FILE *out, const struct fwmark *mark)
{
	if (fwmark_is_whole(mark))
		fprintf(out, "meta mark 0x%08" PRIx32, mark->value);
	else
		fprintf(out, "meta mark & 0x%08" PRIx32 " == 0x%08" PRIx32, mark->mask, mark->value);
}

static void print_set_mark(FILE *out, const struct fwmark *mark)
{
	if (fwmark_is_whole(mark))
		fprintf(out, "meta mark set 0x%08" PRIx32, mark->value);
	else
		fprintf(out, "meta mark set meta mark & 0x%08" PRIx32 " | 0x%08" PRIx32, ~mark->mask, mark->value);
}

static void print_daddr(FILE *out, const char *protocol, int family, const void *address)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, "%s daddr %s", protocol, inet_ntop(family, address, text, sizeof(text)));
}

/* action: "dnat" or "tproxy" */
static void print_to(FILE *out, const char *action, int family, const struct statement *statement)
{
	char address[INET6_ADDRSTRLEN];

	if (family == AF_INET)
		fprintf(out, "%s ip to %s:%u", action, inet_ntop(AF_INET, &statement->to.ip, address, sizeof(address)),
			statement->to.port);
	else
		fprintf(out, "%s ip6 to [%s]:%u", action,
			inet_ntop(AF_INET6, &statement->to.ip6, address, sizeof(address)), statement->to.port);
}

/*
 * root: the root cgroup in nft's syntax; it is no socket's ancestor at a level below the root, so "!=" means
 * "there is one"
 */
static void print_statement(FILE *out, const struct statement *statement, const char *root)
{
	switch (statement->kind) {
	case STATEMENT_CGROUP_VMAP:
		fprintf(out, "socket cgroupv2 level %" PRIu32 " vmap @%s", statement->cgroup_set.level,
			statement->cgroup_set.name);
		break;
	case STATEMENT_CGROUP_IN:
		fprintf(out, "socket cgroupv2 level %" PRIu32 " @%s", statement->cgroup_set.level,
			statement->cgroup_set.name);
		break;
	case STATEMENT_IN_CGROUP:
		fprintf(out, "socket cgroupv2 level %" PRIu32 " != \"%s\"", statement->level, root);
		break;
	case STATEMENT_IIFNAME_VMAP:
		fprintf(out, "iifname vmap @%s", statement->name);
		break;
	case STATEMENT_IIF_VMAP:
		fprintf(out, "iif vmap @%s", statement->name);
		break;
	case STATEMENT_IIF_SADDR_VMAP:
		fprintf(out, "iif . ip saddr vmap @%s", statement->name);
		break;
	case STATEMENT_IIF_SADDR6_VMAP:
		fprintf(out, "iif . ip6 saddr vmap @%s", statement->name);
		break;
	case STATEMENT_SADDR_VMAP:
		fprintf(out, "ip saddr vmap @%s", statement->name);
		break;
	case STATEMENT_SADDR6_VMAP:
		fprintf(out, "ip6 saddr vmap @%s", statement->name);
		break;
	case STATEMENT_MAC_VMAP:
		fprintf(out, "ether saddr vmap @%s", statement->name);
		break;
	case STATEMENT_CT_UNCONFIRMED:
		fputs("ct status ! confirmed", out);
		break;
	case STATEMENT_CT_DNAT:
		fputs("ct status dnat", out);
		break;
	case STATEMENT_CT_ESTABLISHED:
		fputs("ct state established", out);
		break;
	case STATEMENT_CT_INVALID:
		fputs("ct state invalid", out);
		break;
	case STATEMENT_CT_RELATED:
		fputs("ct state related", out);
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
	case STATEMENT_SADDR_LOCAL:
		fputs("fib saddr type local", out);
		break;
	case STATEMENT_SADDR_ELSEWHERE:
		fputs("fib saddr . iif oif missing", out);
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
	case STATEMENT_DADDR_TO_US:
		fputs("fib daddr type { local, broadcast, anycast, multicast }", out);
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
	case STATEMENT_DADDR_LINK_LOCAL:
		fputs("ip6 daddr fe80::/10", out);
		break;
	case STATEMENT_DADDR_IN:
		fprintf(out, "ip daddr @%s", statement->name);
		break;
	case STATEMENT_DADDR6_IN:
		fprintf(out, "ip6 daddr @%s", statement->name);
		break;
	case STATEMENT_OIF_DADDR_IN:
		fprintf(out, "fib daddr oif . ip daddr @%s", statement->name);
		break;
	case STATEMENT_OIF_DADDR6_IN:
		fprintf(out, "fib daddr oif . ip6 daddr @%s", statement->name);
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
	case STATEMENT_IIF_VETH:
		fputs("meta iifkind \"veth\"", out);
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
		fprintf(out, "meta mark vmap @%s", statement->name);
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
		print_to(out, "dnat", AF_INET, statement);
		break;
	case STATEMENT_DNAT6:
		print_to(out, "dnat", AF_INET6, statement);
		break;
	case STATEMENT_REDIRECT:
		fprintf(out, "redirect to :%u", statement->port);
		break;
	case STATEMENT_TPROXY:
		fprintf(out, "tproxy to :%u", statement->port);
		break;
	case STATEMENT_TPROXY_IP:
		print_to(out, "tproxy", AF_INET, statement);
		break;
	case STATEMENT_TPROXY_IP6:
		print_to(out, "tproxy", AF_INET6, statement);
		break;
	case STATEMENT_REJECT:
		fputs("reject", out);
		break;
	case STATEMENT_REJECT_RESET:
		fputs("reject with tcp reset", out);
		break;
	case STATEMENT_VERDICT:
		verdict_print(out, &statement->verdict);
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

static void print_chain(FILE *out, const struct chain *chain, const char *root)
{
	const struct hook *hook = hook_of(chain->hook);

	fprintf(out, "\n\tchain %s {\n", chain->name);
	if (hook != NULL)
		fprintf(out, "\t\t%s\n", hook->text);
	for (size_t i = 0; i < chain->count; i++)
		print_rule(out, &chain->rules[i], root);
	fputs("\t}\n", out);
}

void ruleset_print(FILE *out, const struct ruleset *ruleset, const struct cgroup_names *names)
{
	const char *root = names->root != NULL ? names->root : ".";

	fprintf(out, "table inet %s {\n", ruleset->table);
	for (size_t i = 0; i < ruleset->counter_count; i++)
		fprintf(out, "\tcounter %s {\n\t}\n\n", ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->set_count; i++) {
		if (i > 0)
			fputc('\n', out);
		set_print(out, &ruleset->sets[i], names);
	}
	for (size_t i = 0; i < ruleset->chain_count; i++)
		print_chain(out, &ruleset->chains[i], root);
	fputs("}\n", out);
}
