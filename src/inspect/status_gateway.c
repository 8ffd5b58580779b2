/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status_gateway.h"

#include "engine/chains.h"
#include "engine/names.h"
#include "inspect/gateway_match.h"
#include "nft/attributes.h"
#include "route/links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Returns the name of the proxy that a chain is for, or NULL. */
static const char *proxy_of(const char *chain)
{
	const size_t length = strlen(CHAIN_GATEWAY_PREFIX);

	return strncmp(chain, CHAIN_GATEWAY_PREFIX, length) == 0 ? chain + length : NULL;
}

static void add_target(const struct dump *dump, const char *name, const char *chain, struct status_gateway *gateway)
{
	struct status_gateway_target *target = &gateway->targets[gateway->target_count];
	const struct counter *counter = dump_find_counter(dump, chain);

	if (!text_copy(target->name, sizeof(target->name), name))
		return;
	target->is_proxy = proxy_of(chain) != NULL;
	target->is_counted = counter != NULL;
	target->packets = counter != NULL ? counter->packets : 0;
	target->bytes = counter != NULL ? counter->bytes : 0;
	gateway->target_count++;
}

static int list_targets(const struct dump *dump, struct status_gateway *gateway)
{
	gateway->targets = calloc(dump->chain_count + TARGET_FIRST_PROXY, sizeof(*gateway->targets));
	if (gateway->targets == NULL)
		return -ENOMEM;
	add_target(dump, "drop", CHAIN_GATEWAY_DROP, gateway);
	add_target(dump, "refuse", CHAIN_GATEWAY_REFUSE, gateway);
	for (size_t i = 0; i < dump->chain_count; i++) {
		const char *name = proxy_of(dump->chains[i].name);

		if (name != NULL)
			add_target(dump, name, dump->chains[i].name, gateway);
	}
	return 0;
}

static int add_absent(const struct gateway_rule *rule, const struct links *links, struct status_gateway_rule *out)
{
	out->absent = calloc(rule->value_count + 1, sizeof(*out->absent));
	if (out->absent == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < rule->value_count; i++) {
		const char *name = gateway_absent_interface(rule, i, links);

		if (name == NULL)
			continue;
		out->absent[out->absent_count] = strndup(name, IFNAMSIZ);
		if (out->absent[out->absent_count] == NULL)
			return -ENOMEM;
		out->absent_count++;
	}
	return 0;
}

static int list_rules(const struct config *config, const struct links *links, struct status_gateway *gateway)
{
	int result = 0;

	gateway->has_rules = true;
	gateway->is_strict = config->gateway.strict;
	gateway->has_containers = config->containers;
	gateway->rules = calloc(config->gateway.rule_count + 1, sizeof(*gateway->rules));
	if (gateway->rules == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < config->gateway.rule_count && result == 0; i++) {
		const struct gateway_rule *rule = &config->gateway.rules[i];
		struct status_gateway_rule *out = &gateway->rules[gateway->rule_count++];

		out->line = rule->position.line;
		text_copy(out->target, sizeof(out->target), config_target_name(config, rule->target));
		out->selector = strdup(rule->text);
		result = out->selector != NULL ? add_absent(rule, links, out) : -ENOMEM;
	}
	return result;
}

int status_read_gateway(const struct dump *dump, const struct config *held, const struct config *config,
			struct status_gateway *gateway)
{
	CLEANUP(links_clear) struct links links = {0};
	int result = 0;

	gateway->exists = dump_find_chain(dump, CHAIN_GATEWAY_DROP) != NULL;
	if (!gateway->exists)
		return 0;
	if (held->gateway.enabled)
		gateway->mark = held->gateway.mark;
	else if (config != NULL)
		gateway->mark = config->gateway.mark;
	result = list_targets(dump, gateway);
	if (result < 0 || config == NULL)
		return result;
	result = links_read(&links);
	return result == 0 ? list_rules(config, &links, gateway) : result;
}

bool status_gateway_is_whole(const struct dump *dump, const struct config *config)
{
	static const char *const chains[] = {CHAIN_GATEWAY_DROP, CHAIN_GATEWAY_REFUSE};
	bool whole = true;

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		whole = whole && dump_find_chain(dump, chains[i]) != NULL;
	for (size_t i = 0; i < config->proxy_count; i++)
		whole = whole &&
			dump_find_chain(dump, chain_verdict(CHAIN_GATEWAY_PREFIX, config->proxies[i].name).chain) !=
				NULL;
	return whole;
}

void status_gateway_clear(struct status_gateway *gateway)
{
	for (size_t i = 0; i < gateway->rule_count; i++) {
		for (size_t j = 0; j < gateway->rules[i].absent_count; j++)
			free(gateway->rules[i].absent[j]);
		free(gateway->rules[i].absent);
		free(gateway->rules[i].selector);
	}
	free(gateway->rules);
	free(gateway->targets);
	*gateway = (struct status_gateway){0};
}
