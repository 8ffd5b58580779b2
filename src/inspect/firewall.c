/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/firewall.h"

#include "nft/hook.h"
#include "nft/nft.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SIZE = ESCAPED_SIZE(OTHERS_NAME_SIZE) };

/* Collects problems while others' chains are examined. */
struct judge {
	const struct config *config;
	struct problems *problems;
	int result;
};

static bool gateway_goes_to_proxy(const struct config *config)
{
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		if (config->gateway.rules[i].target >= TARGET_FIRST_PROXY)
			return config->gateway.enabled;
	}
	return config->gateway.enabled && config->containers;
}

static void steered_marks_of(const struct config *config, struct steered_marks *marks)
{
	*marks = (struct steered_marks){0};
	for (size_t i = 0; i < config->proxy_count && i < STEERED_MARKS_MAX; i++)
		marks->items[marks->count++] = config->proxies[i].mark;
}

/* Whether nft and a shell accept a name unquoted. */
static bool is_plain(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	while (isalnum((unsigned char)*name) || (*name != '\0' && strchr("_-./", *name) != NULL))
		name++;
	return *name == '\0';
}

/* An nft command, or NULL if the names can't be written in one. */
__attribute__((format(printf, 2, 3))) static char *command(const struct obstacle *obstacle, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	if (!is_plain(obstacle->table) || !is_plain(obstacle->chain))
		return NULL;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return text;
}

static char *accept_loopback(const struct obstacle *obstacle)
{
	return command(obstacle, "nft insert rule %s %s %s iif lo accept", obstacle->family, obstacle->table,
		       obstacle->chain);
}

/* nft can't move a chain, so steered packets skip its rules; "return" would leave them to a drop policy. */
static char *pass_marks(const struct obstacle *obstacle, const struct config *config)
{
	CLEANUP(freep) char *rules = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&rules, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < config->proxy_count && i < STEERED_MARKS_MAX; i++) {
		const struct proxy *proxy = &config->proxies[i];

		if (!(obstacle->marks & UINT64_C(1) << i))
			continue;
		fprintf(out, "%sinsert rule %s %s %s meta mark ", ftell(out) > 0 ? "; " : "", obstacle->family,
			obstacle->table, obstacle->chain);
		if (fwmark_is_whole(&proxy->mark))
			fprintf(out, "%" PRIu32, proxy->mark.value);
		else
			fprintf(out, "and 0x%" PRIx32 " == 0x%" PRIx32, proxy->mark.mask, proxy->mark.value);
		fputs(obstacle->drops_the_rest ? " accept" : " return", out);
	}
	if (fclose(out) != 0)
		return NULL;
	return command(obstacle, "nft '%s'", rules);
}

static char *delete_rules(const struct obstacle *obstacle)
{
	CLEANUP(freep) char *rules = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&rules, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < obstacle->handle_count; i++)
		fprintf(out, "%sdelete rule %s %s %s handle %" PRIu64, i > 0 ? "; " : "", obstacle->family,
			obstacle->table, obstacle->chain, obstacle->handles[i]);
	if (fclose(out) != 0)
		return NULL;
	return command(obstacle, "nft '%s'", rules);
}

static int judge_mark(const struct judge *judge, const struct obstacle *obstacle, const char *about)
{
	return problems_add(judge->problems, PROBLEM_MARK, about, pass_marks(obstacle, judge->config),
			    "%s sets marks on outgoing packets after cgtproxy's chain (priority %d). Proxied packets "
			    "that get another mark there are dropped; those whose mark it sets to 0 bypass the proxy. "
			    "Give the chain a lower priority, or exempt proxied packets from its rules",
			    about, hook_of(HOOK_ROUTE_OUTPUT)->priority);
}

static int judge_notrack(const struct judge *judge, const struct obstacle *obstacle, const char *about)
{
	return problems_add(
		judge->problems, PROBLEM_NOTRACK, about, delete_rules(obstacle),
		"%s has \"notrack\" rules. Without connection tracking, answers of a server in a proxied or "
		"dropped cgroup are not recognized as answers and don't get out. Remove the rules unless they "
		"are for servers that go direct",
		about);
}

static int judge_input_policy(const struct judge *judge, const struct obstacle *obstacle, const char *about)
{
	return problems_add(judge->problems, PROBLEM_INPUT_POLICY, about, accept_loopback(obstacle),
			    "%s drops by default and accepts nothing from the loopback interface, where all proxied "
			    "traffic comes from. Accept that",
			    about);
}

static int judge_answers(const struct judge *judge, const struct obstacle *obstacle, const char *about)
{
	return problems_add(judge->problems, PROBLEM_ANSWERS, about, accept_loopback(obstacle),
			    "%s drops packets by address type (as wg-quick does), which "
			    "may include a proxy's answers. Accept what comes from the loopback interface",
			    about);
}

static int judge_gateway_input(const struct judge *judge, const struct obstacle *obstacle, const char *about)
{
	const uint32_t mark = judge->config->gateway.mark.value;

	return problems_add(
		judge->problems, PROBLEM_GATEWAY_INPUT, about,
		command(obstacle, "nft insert rule %s %s %s meta mark %" PRIu32 " accept", obstacle->family,
			obstacle->table, obstacle->chain, mark),
		"%s drops what it has no rule for, and has none for what other hosts send through this one "
		"to proxies: to a firewall, that is input, with the gateway's mark %" PRIu32
		". Accept it, also in that firewall's own config, or it is dropped again when that is loaded",
		about, mark);
}

static void judge_obstacle(const struct obstacle *obstacle, void *userdata)
{
	static int (*const by_kind[])(const struct judge *, const struct obstacle *, const char *) = {
		[OBSTACLE_MARK] = judge_mark,
		[OBSTACLE_NOTRACK] = judge_notrack,
		[OBSTACLE_INPUT_POLICY] = judge_input_policy,
		[OBSTACLE_ANSWERS] = judge_answers,
		[OBSTACLE_GATEWAY_INPUT] = judge_gateway_input,
	};
	struct judge *judge = userdata;
	char about[2 * SHOWN_SIZE + 64];
	char table[SHOWN_SIZE];
	char chain[SHOWN_SIZE];

	escape(table, sizeof(table), obstacle->table, strlen(obstacle->table));
	escape(chain, sizeof(chain), obstacle->chain, strlen(obstacle->chain));
	snprintf(about, sizeof(about), _("the chain %s of the table %s %s"), chain, obstacle->family, table);
	if (judge->result == 0 &&
	    (obstacle->kind == OBSTACLE_NOTRACK ? judge->config->rule_count : judge->config->proxy_count) > 0)
		judge->result = by_kind[obstacle->kind](judge, obstacle, about);
}

int firewall_begin(struct others **others, struct nft *nft, const struct config *config)
{
	struct steered_marks marks;

	steered_marks_of(config, &marks);
	return others_begin(others, nft, &marks, gateway_goes_to_proxy(config) ? &config->gateway.mark : NULL);
}

int firewall_judge(const struct others *others, const struct config *config, struct problems *problems)
{
	struct judge judge = {config, problems, 0};

	others_tell(others, judge_obstacle, &judge);
	return judge.result;
}

int firewall_inspect(const struct config *config, struct problems *problems)
{
	CLEANUP(nft_close) struct nft nft = {0};
	CLEANUP(others_freep) struct others *others = NULL;
	struct error error;
	int result = nft_open(&nft, &error);

	if (result == 0)
		result = firewall_begin(&others, &nft, config);
	if (result == 0) {
		do {
			result = others_read(others);
		} while (result > 0);
	}
	return result < 0 ? result : firewall_judge(others, config, problems);
}
