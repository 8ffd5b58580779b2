/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/section.h"
#include "config/selectors.h"
#include "config/value.h"
#include "policy/pattern_set.h"
#include "util/array.h"
#include "util/escape.h"

#include <stdlib.h>
#include <string.h>

struct rule_reader {
	struct config *config;
	size_t capacity;
	struct config_rule rule; /* the one that is read */
	int selectors;
	int targets;
};

static void read_match(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	static const char key[] = "match: ";
	struct rule_reader *reader = userdata;
	struct config_rule *rule = &reader->rule;
	struct pattern_error error;
	char reason[ESCAPED_SIZE(sizeof(error.reason))];
	char fragment[ESCAPED_SIZE(sizeof(error.fragment))];
	size_t length = 0;

	reader->selectors++;
	if (!value_string(node, "match", &rule->pattern, diagnostics))
		return;
	length = strlen(rule->pattern);
	free(rule->selector);
	rule->selector = malloc(sizeof(key) + ESCAPED_SIZE(length));
	if (rule->selector == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read the expression of match");
		return;
	}
	memcpy(rule->selector, key, sizeof(key));
	escape_but_backslash(rule->selector + sizeof(key) - 1, ESCAPED_SIZE(length), rule->pattern, length);
	if (pattern_is_valid(rule->pattern, length, &error))
		return;
	escape(reason, sizeof(reason), error.reason, strlen(error.reason));
	escape(fragment, sizeof(fragment), error.fragment, strlen(error.fragment));
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "match: not a regular expression (RE2): %s at its character %zu: \"%s\"", reason, error.offset + 1,
		 fragment);
}

static void read_names(struct fy_node *node, enum selector selector, struct diagnostics *diagnostics,
		       struct rule_reader *reader)
{
	reader->selectors++;
	read_selector(node, selector, &reader->rule, diagnostics);
}

static void read_app(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_names(node, SELECTOR_APP, diagnostics, userdata);
}

static void read_unit(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_names(node, SELECTOR_UNIT, diagnostics, userdata);
}

static void read_user_unit(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_names(node, SELECTOR_USER_UNIT, diagnostics, userdata);
}

static void read_slice(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_names(node, SELECTOR_SLICE, diagnostics, userdata);
}

static void read_user(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_names(node, SELECTOR_USER, diagnostics, userdata);
}

static void read_tproxy(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct rule_reader *reader = userdata;
	const struct config *config = reader->config;
	size_t length = 0;
	const char *name = yaml_text(node, &length);
	char shown[YAML_SHOWN_SIZE];

	if (yaml_is_null(node))
		return;
	reader->targets++;
	for (uint32_t i = 0; i < config->proxy_count && name != NULL; i++) {
		if (strlen(config->proxies[i].name) == length && memcmp(config->proxies[i].name, name, length) == 0) {
			reader->rule.target = TARGET_FIRST_PROXY + i;
			return;
		}
	}
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "tproxy: expected the name of a proxy under \"tproxies\", got %s", yaml_show(node, shown));
}

static void read_flag_target(struct fy_node *node, const char *key, uint32_t target, struct diagnostics *diagnostics,
			     struct rule_reader *reader)
{
	bool chosen = true; /* what is no bool is counted, so that it is complained of once */

	if (yaml_is_null(node))
		return;
	value_bool(node, key, &chosen, diagnostics);
	if (!chosen)
		return;
	reader->targets++;
	reader->rule.target = target;
}

static void read_drop(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_flag_target(node, "drop", TARGET_DROP, diagnostics, userdata);
}

static void read_refuse(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_flag_target(node, "refuse", TARGET_REFUSE, diagnostics, userdata);
}

static void read_direct(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	read_flag_target(node, "direct", TARGET_DIRECT, diagnostics, userdata);
}

static void add_rule(struct rule_reader *reader, struct diagnostics *diagnostics)
{
	struct config *config = reader->config;
	struct config_rule *rules =
		array_reserve(config->rules, &reader->capacity, config->rule_count + 1, sizeof(*rules));

	if (rules == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, reader->rule.position, "no memory for the rules");
		rule_clear(&reader->rule);
		return;
	}
	config->rules = rules;
	rules[config->rule_count++] = reader->rule;
}

static void read_rule(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	static const struct yaml_key keys[] = {
		{"match", read_match},
		{"app", read_app},
		{"unit", read_unit},
		{"user-unit", read_user_unit},
		{"slice", read_slice},
		{"user", read_user},
		{"tproxy", read_tproxy},
		{"drop", read_drop},
		{"refuse", read_refuse},
		{"direct", read_direct},
		{0},
	};
	struct rule_reader *reader = userdata;
	struct position position = yaml_position(node);

	reader->rule = (struct config_rule){.position = position};
	reader->selectors = 0;
	reader->targets = 0;
	if (!yaml_read_map(node, "rule", keys, diagnostics, reader))
		return;
	if (reader->selectors != 1)
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "a rule needs exactly one selector: \"app\", \"unit\", \"user-unit\", \"slice\", \"user\" or "
			 "\"match\"; this has %d",
			 reader->selectors);
	if (reader->targets != 1)
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "a rule needs exactly one target: \"tproxy: NAME\", \"direct: true\", \"drop: true\" or "
			 "\"refuse: true\"; this has %d",
			 reader->targets);
	add_rule(reader, diagnostics);
}

void read_rules(struct fy_node *node, struct config *config, struct diagnostics *diagnostics)
{
	struct rule_reader reader = {.config = config};

	yaml_read_list(node, "rules", read_rule, diagnostics, &reader);
}

void rule_clear(struct config_rule *rule)
{
	free(rule->pattern);
	free(rule->selector);
}
