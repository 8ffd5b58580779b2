/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/section.h"
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

/* A selector becomes an expression here; the policy knows nothing else. */
static void read_match(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct rule_reader *reader = userdata;
	struct pattern_error error;
	char reason[ESCAPED_SIZE(sizeof(error.reason))];
	char fragment[ESCAPED_SIZE(sizeof(error.fragment))];

	reader->selectors++;
	if (!value_string(node, "match", &reader->rule.pattern, diagnostics))
		return;
	if (pattern_is_valid(reader->rule.pattern, strlen(reader->rule.pattern), &error))
		return;
	escape(reason, sizeof(reason), error.reason, strlen(error.reason));
	escape(fragment, sizeof(fragment), error.fragment, strlen(error.fragment));
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "match: not a regular expression (RE2): %s at its character %zu: \"%s\"", reason, error.offset + 1,
		 fragment);
}

static void refuse_selector(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct rule_reader *reader = userdata;
	char shown[YAML_SHOWN_SIZE];

	reader->selectors++;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "this version selects cgroups by \"match\" only; write %s as a regular expression for the cgroup's "
		 "path",
		 yaml_show(node, shown));
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
		free(reader->rule.pattern);
		return;
	}
	config->rules = rules;
	rules[config->rule_count++] = reader->rule;
}

static void read_rule(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	static const struct yaml_key keys[] = {
		{"match", read_match},	    {"app", refuse_selector},
		{"unit", refuse_selector},  {"user-unit", refuse_selector},
		{"slice", refuse_selector}, {"user", refuse_selector},
		{"tproxy", read_tproxy},    {"drop", read_drop},
		{"direct", read_direct},    {0},
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
			 "a rule needs exactly one selector, like \"match\"; this has %d", reader->selectors);
	if (reader->targets != 1)
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "a rule needs exactly one target: \"tproxy: NAME\", \"drop: true\" or \"direct: true\"; this "
			 "has %d",
			 reader->targets);
	add_rule(reader, diagnostics);
}

void read_rules(struct fy_node *node, struct config *config, struct diagnostics *diagnostics)
{
	struct rule_reader reader = {.config = config};

	yaml_read_list(node, "rules", read_rule, diagnostics, &reader);
}
