/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/text.h"

#include "nft/hook.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
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
	case STATEMENT_DADDR_IN:
		fprintf(out, "ip daddr @%s", statement->name);
		break;
	case STATEMENT_DADDR6_IN:
		fprintf(out, "ip6 daddr @%s", statement->name);
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

/* Writes the separator between elements, or the beginning of the list. */
static void begin_element(FILE *out, bool *begun, const char *between)
{
	fputs(*begun ? between : "\t\telements = { ", out);
	*begun = true;
}

/* Computes the address before another one. */
static void address_before(uint8_t *address, size_t size)
{
	for (size_t i = size; i > 0 && address[i - 1]-- == 0; i--)
		;
}

static void print_intervals(FILE *out, const struct set *set, bool *begun)
{
	const int family = set->type == SET_IPV4_INTERVALS ? AF_INET : AF_INET6;
	const size_t size = set_definition(set->type)->key_size;

	for (size_t i = 0; i < set->count; i++) {
		uint8_t last[SET_KEY_MAX];
		char first_text[INET6_ADDRSTRLEN];
		char last_text[INET6_ADDRSTRLEN];

		if (set->elements[i].flags & NFT_SET_ELEM_INTERVAL_END)
			continue;
		memset(last, 0, sizeof(last)); /* an interval without an end reaches to the last address */
		if (i + 1 < set->count)
			memcpy(last, set->elements[i + 1].key, sizeof(last));
		address_before(last, size);
		inet_ntop(family, set->elements[i].key, first_text, sizeof(first_text));
		inet_ntop(family, last, last_text, sizeof(last_text));
		begin_element(out, begun, ", ");
		fputs(first_text, out);
		if (strcmp(first_text, last_text) != 0)
			fprintf(out, "-%s", last_text);
	}
}

static void print_marks(FILE *out, const struct set *set, bool *begun)
{
	for (size_t i = 0; i < set->count; i++) {
		uint32_t mark = 0;

		memcpy(&mark, set->elements[i].key, sizeof(mark));
		begin_element(out, begun, ", ");
		fprintf(out, "0x%08" PRIx32 " : ", mark);
		print_verdict(out, set->elements[i].verdict);
	}
}

static bool nft_can_read(const char *path)
{
	const unsigned char *byte = (const unsigned char *)path;

	while (*byte > ' ' && *byte < 0x7f && *byte != '"')
		byte++;
	return *byte == '\0';
}

static void print_comment_element(FILE *out, const char *path, const struct verdict *verdict)
{
	size_t length = strlen(path);
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));

	if (shown == NULL)
		return;
	fprintf(out, "\t\t# %s", escape(shown, ESCAPED_SIZE(length), path, length));
	if (verdict != NULL) {
		fputs(" : ", out);
		print_verdict(out, verdict);
	}
	fputc('\n', out);
}

/* Elements that nft can't parse come first, since comments are not allowed within its braces. */
static void print_cgroups(FILE *out, const struct set *set, const struct cgroup_names *names, bool readable,
			  bool *begun)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct cgroup_name *name = &names->items[i];
		const struct set_element *element = set_find(set, &name->id);

		if (element == NULL || (names->root != NULL && nft_can_read(name->path)) != readable)
			continue;
		if (!readable) {
			print_comment_element(out, name->path, element->verdict);
			continue;
		}
		begin_element(out, begun, ",\n\t\t\t     ");
		fprintf(out, "\"%s%s\"", names->root, name->path);
		if (element->verdict != NULL) {
			fputs(" : ", out);
			print_verdict(out, element->verdict);
		}
	}
}

static void print_set(FILE *out, const struct set *set, const struct cgroup_names *names)
{
	const bool is_map = set_is_map(set->type);
	bool begun = false;

	fprintf(out, "\t%s %s {\n\t\ttype %s%s\n", is_map ? "map" : "set", set->name, set_definition(set->type)->text,
		is_map ? " : verdict" : "");
	if (set_has_intervals(set->type))
		fputs("\t\tflags interval\n\t\tauto-merge\n", out);
	if (set->size > 0)
		fprintf(out, "\t\tsize %" PRIu32 "\n", set->size);
	switch (set->type) {
	case SET_IPV4_INTERVALS:
	case SET_IPV6_INTERVALS:
		print_intervals(out, set, &begun);
		break;
	case SET_MARK_VERDICTS:
		print_marks(out, set, &begun);
		break;
	case SET_CGROUPS:
	case SET_CGROUP_VERDICTS:
		print_cgroups(out, set, names, false, &begun);
		print_cgroups(out, set, names, true, &begun);
		break;
	case SET_PROTOCOLS:
	case SET_UNKNOWN:
		break;
	}
	fprintf(out, "%s\t}\n", begun ? " }\n" : "");
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
		print_set(out, &ruleset->sets[i], names);
	}
	for (size_t i = 0; i < ruleset->chain_count; i++)
		print_chain(out, &ruleset->chains[i], root);
	fputs("}\n", out);
}
