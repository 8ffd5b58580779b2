/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/config.h"

#include "util/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rule_clear(struct config_rule *rule)
{
	free(rule->pattern);
	free(rule->selector);
}

void gateway_rule_clear(struct gateway_rule *rule)
{
	free(rule->text);
	free(rule->values);
}

const char *config_target_name(const struct config *config, uint32_t target)
{
	if (target == TARGET_DIRECT)
		return "direct";
	if (target == TARGET_DROP)
		return "drop";
	if (target == TARGET_REFUSE)
		return "refuse";
	return config->proxies[target - TARGET_FIRST_PROXY].name;
}

struct proxy *config_find_proxy(const struct config *config, const char *name)
{
	for (size_t i = 0; config != NULL && i < config->proxy_count; i++) {
		if (strcmp(config->proxies[i].name, name) == 0)
			return &config->proxies[i];
	}
	return NULL;
}

const char *config_rule_place(const struct config_rule *rule, char *out)
{
	if (rule->dropin == NULL)
		snprintf(out, RULE_PLACE_SIZE, _("line %d"), rule->position.line);
	else
		snprintf(out, RULE_PLACE_SIZE, _("line %d of %s"), rule->position.line, rule->dropin);
	return out;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->proxy_count; i++) {
		free(config->proxies[i].name);
		upstream_clear(&config->proxies[i].relay.upstream);
	}
	for (size_t i = 0; i < config->rule_count; i++)
		rule_clear(&config->rules[i]);
	for (size_t i = 0; i < config->gateway.rule_count; i++)
		gateway_rule_clear(&config->gateway.rules[i]);
	for (size_t i = 0; i < config->dropin_count; i++)
		free(config->dropins[i]);
	free(config->dropins);
	free(config->file);
	free(config->proxies);
	free(config->rules);
	free(config->gateway.rules);
	free(config->bypass);
	free(config->cgroup_root);
	free(config);
}
