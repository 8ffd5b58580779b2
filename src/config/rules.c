/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/keys.h"
#include "config/section.h"
#include "config/selectors.h"
#include "config/targets.h"
#include "config/value.h"
#include "policy/pattern_set.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rule_reader {
	struct target_reader target; /* of the rule being read */
	struct config *config;
	size_t capacity;
	struct config_rule rule; /* the rule being read */
	int selectors;
};

/* "match: EXPRESSION", or NULL if out of memory */
static char *show_match(const struct key *key, const char *pattern)
{
	size_t size = ESCAPED_SIZE(strlen(pattern));
	CLEANUP(freep) char *escaped = malloc(size);
	char *shown = NULL;

	if (escaped == NULL ||
	    asprintf(&shown, "%s: %s", key->name, escape_but_backslash(escaped, size, pattern, strlen(pattern))) < 0)
		return NULL;
	return shown;
}

static bool read_match(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct rule_reader *reader = out;
	struct config_rule *rule = &reader->rule;
	struct pattern_error error;
	char reason[ESCAPED_SIZE(sizeof(error.reason))];
	char fragment[ESCAPED_SIZE(sizeof(error.fragment))];

	reader->selectors++;
	if (!value_string(node, key, &rule->pattern, diagnostics))
		return false;
	free(rule->selector);
	rule->selector = show_match(key, rule->pattern);
	if (rule->selector == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read the expression of match");
		return false;
	}
	if (pattern_is_valid(rule->pattern, strlen(rule->pattern), &error))
		return true;
	escape(reason, sizeof(reason), error.reason, strlen(error.reason));
	escape(fragment, sizeof(fragment), error.fragment, strlen(error.fragment));
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "match: invalid regular expression (RE2): %s at character %zu: \"%s\"", reason, error.offset + 1,
		 fragment);
	return false;
}

static bool read_names(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct rule_reader *reader = out;

	reader->selectors++;
	return read_selector(node, key, &reader->rule, diagnostics);
}

const struct key rule_keys[] = {
	{"match", read_match, .needs_value = true, .form = FORM_PATTERN,
	 .about = "Cgroups whose path matches this regular expression (RE2)"},
	{"app", read_names, .needs_value = true, .choice = SELECTOR_APP, .form = FORM_NAMES,
	 .about = "Desktop applications by their IDs, like org.telegram.desktop"},
	{"unit", read_names, .needs_value = true, .choice = SELECTOR_UNIT, .form = FORM_NAMES,
	 .about = "Units of the system, like docker.service"},
	{"user-unit", read_names, .needs_value = true, .choice = SELECTOR_USER_UNIT, .form = FORM_NAMES,
	 .about = "Units of users' managers, like syncthing.service"},
	{"slice", read_names, .needs_value = true, .choice = SELECTOR_SLICE, .form = FORM_NAMES,
	 .about = "Slices of the system or of users' managers, like cgtproxy-drop.slice"},
	{"user", read_names, .needs_value = true, .choice = SELECTOR_USER, .form = FORM_NAMES,
	 .about = "Users by name or number: their sessions and their managers"},
	{"tproxy", read_target_proxy, .form = FORM_PROXY, .about = "Send it through this proxy under tproxies"},
	{"drop", read_target_switch, .choice = TARGET_DROP, .form = FORM_SWITCH, .about = "Drop it without an answer"},
	{"refuse", read_target_switch, .choice = TARGET_REFUSE, .form = FORM_SWITCH,
	 .about = "Refuse it, so that the program gets an error at once"},
	{"direct", read_target_switch, .choice = TARGET_DIRECT, .form = FORM_SWITCH, .about = "Leave it alone"},
	{0},
};

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
	struct rule_reader *reader = userdata;
	struct position position = yaml_position(node);

	reader->rule = (struct config_rule){.position = position};
	reader->selectors = 0;
	reader->target = (struct target_reader){.config = reader->config};
	if (!keys_read(node, _("rule"), rule_keys, reader, diagnostics))
		return;
	if (reader->selectors != 1)
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "a rule needs exactly one selector: \"app\", \"unit\", \"user-unit\", \"slice\", \"user\" or "
			 "\"match\"; this has %d",
			 reader->selectors);
	check_target(&reader->target, position, diagnostics);
	reader->rule.target = reader->target.target;
	add_rule(reader, diagnostics);
}

void read_rules(struct fy_node *node, struct config *config, struct diagnostics *diagnostics)
{
	struct rule_reader reader = {.config = config};

	yaml_read_list(node, "rules", read_rule, diagnostics, &reader);
}
