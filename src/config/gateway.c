/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/gateway.h"

#include "config/gateway_taken.h"
#include "config/gateway_value.h"
#include "config/targets.h"
#include "config/value.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULE_PRIORITY_LEAST = 3 }; /* two policy rules of the gateway precede those of the proxies */

struct gateway_reader {
	struct gateway gateway;
	const struct config *config; /* with its proxies */
	struct position mark;	     /* of the key's value; line 0: the default is used */
};

/* The rules, and the one that is being read. */
struct rule_reader {
	struct target_reader target;
	struct gateway_rule rule;
	int selectors;
	size_t value_capacity;
	struct gateway *gateway;
	size_t rule_capacity;
	size_t value_count; /* of all rules */
	struct gateway_taken taken;
};

/* The values of a selector. */
struct values_reader {
	const struct key *key;
	struct rule_reader *rules;
	FILE *shown;
	size_t count;
};

/* Warns of a value that can never match. */
static void check_taken(struct fy_node *node, const struct values_reader *reader, const struct gateway_value *value,
			struct diagnostics *diagnostics)
{
	const struct gateway_taker own = {reader->rules->gateway->rule_count, reader->rules->rule.position.line};
	struct gateway_taken *taken = &reader->rules->taken;
	const struct gateway_taker *taker = NULL;
	char shown[YAML_SHOWN_SIZE];

	if (taken->has_all && taken->all.rule != own.rule) /* reported for the whole rule */
		return;
	taker = gateway_take(taken, reader->key->choice, value, &own);
	if (taker == NULL)
		return;
	if (taker->rule == own.rule)
		diagnose(diagnostics, SEVERITY_WARNING, yaml_position(node),
			 "%s: %s is redundant, since this rule covers it already", reader->key->name,
			 yaml_show(node, shown));
	else
		diagnose(diagnostics, SEVERITY_WARNING, yaml_position(node),
			 "%s: %s can never match, since the rule on line %d covers it and comes first",
			 reader->key->name, yaml_show(node, shown), taker->line);
}

static void show_value(struct fy_node *node, FILE *shown)
{
	size_t length = 0;
	const char *text = yaml_text(node, &length);
	CLEANUP(freep) char *escaped = malloc(ESCAPED_SIZE(length));

	if (escaped != NULL)
		fputs(escape_but_backslash(escaped, ESCAPED_SIZE(length), text, length), shown);
}

static bool is_one_too_many(struct fy_node *node, struct values_reader *reader, struct diagnostics *diagnostics)
{
	size_t *count = &reader->rules->value_count;

	reader->count++;
	if (++*count == GATEWAY_VALUES_MAX + 1)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: the rules of the gateway have more than %d values together", reader->key->name,
			 GATEWAY_VALUES_MAX);
	return *count > GATEWAY_VALUES_MAX;
}

static void read_value(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct values_reader *reader = userdata;
	struct gateway_rule *rule = &reader->rules->rule;
	struct gateway_value value = {0};
	struct gateway_value *values = NULL;

	if (is_one_too_many(node, reader, diagnostics) || !read_gateway_value(node, reader->key, &value, diagnostics))
		return;
	values = array_reserve(rule->values, &reader->rules->value_capacity, rule->value_count + 1, sizeof(*values));
	if (values == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read %s", reader->key->name);
		return;
	}
	check_taken(node, reader, &value, diagnostics);
	fputs(rule->value_count > 0 ? ", " : "", reader->shown);
	show_value(node, reader->shown);
	rule->values = values;
	values[rule->value_count++] = value;
}

static void read_value_or_list(struct fy_node *node, struct values_reader *reader, struct diagnostics *diagnostics)
{
	const struct key *key = reader->key;
	bool is_list = yaml_is_list(node);

	fprintf(reader->shown, "%s: %s", key->name, is_list ? "[" : "");
	if (is_list)
		yaml_read_list(node, key->name, read_value, diagnostics, reader);
	else
		read_value(node, diagnostics, reader);
	fputs(is_list ? "]" : "", reader->shown);
	if (reader->count == 0)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "%s: expected %s, got an empty list",
			 key->name, gateway_value_expected(key->choice));
}

static bool read_selector(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct rule_reader *rules = out;
	struct gateway_rule *rule = &rules->rule;
	struct values_reader reader = {.key = key, .rules = rules};
	size_t size = 0;

	rules->selectors++;
	if (rules->selectors > 1) /* reported when the rule has been read */
		return false;
	rule->selector = key->choice;
	reader.shown = open_memstream(&rule->text, &size);
	if (reader.shown != NULL)
		read_value_or_list(node, &reader, diagnostics);
	if (reader.shown != NULL && fclose(reader.shown) == 0)
		return true;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read %s", key->name);
	return false;
}

static const struct key gateway_rule_keys[] = {
	{"interface", read_selector, .needs_value = true, .choice = GATEWAY_INTERFACE, .form = FORM_INTERFACES,
	 .about = "What arrives on these interfaces: names, or prefixes of names like lan*"},
	{"source", read_selector, .needs_value = true, .choice = GATEWAY_SOURCE, .form = FORM_SOURCES,
	 .about = "What comes from these addresses and CIDRs"},
	{"mac", read_selector, .needs_value = true, .choice = GATEWAY_MAC, .form = FORM_MACS,
	 .about = "What comes from the devices with these MAC addresses"},
	{"tproxy", read_target_proxy, .form = FORM_PROXY, .about = "Send it through this proxy under tproxies"},
	{"drop", read_target_switch, .choice = TARGET_DROP, .form = FORM_SWITCH, .about = "Drop it without an answer"},
	{"refuse", read_target_switch, .choice = TARGET_REFUSE, .form = FORM_SWITCH,
	 .about = "Refuse it, so that the sender gets an error at once"},
	{"direct", read_target_switch, .choice = TARGET_DIRECT, .form = FORM_SWITCH, .about = "Leave it alone"},
	{0},
};

static void add_rule(struct rule_reader *reader, struct diagnostics *diagnostics)
{
	struct gateway *gateway = reader->gateway;
	struct gateway_rule *rules =
		array_reserve(gateway->rules, &reader->rule_capacity, gateway->rule_count + 1, sizeof(*rules));

	if (rules == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, reader->rule.position, "no memory for the rules");
		gateway_rule_clear(&reader->rule);
		return;
	}
	gateway->rules = rules;
	rules[gateway->rule_count++] = reader->rule;
}

static void read_rule(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct rule_reader *reader = userdata;
	const struct position position = yaml_position(node);

	reader->rule = (struct gateway_rule){.position = position};
	reader->value_capacity = 0;
	reader->selectors = 0;
	reader->target.count = 0;
	if (reader->taken.has_all)
		diagnose(diagnostics, SEVERITY_WARNING, position,
			 "this rule can never match, since the one on line %d is for every interface and comes first",
			 reader->taken.all.line);
	if (!keys_read(node, _("rule of the gateway"), gateway_rule_keys, reader, diagnostics))
		return;
	if (reader->selectors != 1)
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "a rule of the gateway needs exactly one selector: \"interface\", \"source\" or \"mac\"; this "
			 "has %d",
			 reader->selectors);
	check_target(&reader->target, position, diagnostics);
	reader->rule.target = reader->target.target;
	add_rule(reader, diagnostics);
}

static bool read_rules(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct gateway_reader *reader = out;
	struct gateway *gateway = &reader->gateway;
	struct rule_reader rules = {.target.config = reader->config, .gateway = gateway};
	bool is_list = yaml_read_list(node, key_label(key), read_rule, diagnostics, &rules);

	gateway_taken_clear(&rules.taken);
	if (gateway->rule_count > GATEWAY_RULES_MAX)
		diagnose(diagnostics, SEVERITY_ERROR, gateway->rules[GATEWAY_RULES_MAX].position,
			 "%s: %zu rules exceed the limit of %d", key_label(key), gateway->rule_count,
			 GATEWAY_RULES_MAX);
	return is_list;
}

static bool read_mark(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct gateway_reader *reader = out;
	uint32_t *value = &reader->gateway.mark.value;
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	*value = 0; /* as long as there is an error */
	reader->mark = yaml_position(node);
	if (text != NULL && memchr(text, '/', length) != NULL)
		return yaml_expected(node, key_label(key), _("a fwmark without a mask"), diagnostics);
	return value_number(node, key, value, diagnostics);
}

const struct key gateway_keys[] = {
	{"mark", read_mark, .label = "gateway.mark", .least = 1, .most = UINT32_MAX, .form = FORM_NUMBER,
	 .about = "The fwmark of forwarded traffic that goes to a proxy, without a mask; nothing else may use it"},
	{"strict", value_bool, offsetof(struct gateway_reader, gateway.strict), .label = "gateway.strict",
	 .form = FORM_BOOL,
	 .about = "Refuse forwarded traffic that no rule is for, and connections that were open before their rule"},
	{"rules", read_rules, .label = "gateway.rules", .most = GATEWAY_RULES_MAX, .form = FORM_RULES,
	 .keys = gateway_rule_keys, .about = "Which forwarded traffic goes where; the first rule that matches counts"},
	{0},
};

/* A mark of 0 could not be read. */
static void check_mark(const struct gateway_reader *reader, struct diagnostics *diagnostics)
{
	const struct gateway *gateway = &reader->gateway;
	const uint32_t mark = gateway->mark.value;

	for (size_t i = 0; i < reader->config->proxy_count && mark != 0; i++) {
		const struct proxy *proxy = &reader->config->proxies[i];

		if (proxy->mark.value == 0 || !fwmark_overlaps(&proxy->mark, &gateway->mark))
			continue;
		if (reader->mark.line != 0)
			diagnose(diagnostics, SEVERITY_ERROR, reader->mark,
				 "gateway.mark: %" PRIu32 " (0x%" PRIx32 ") is also a mark of the proxy %s (line %d). "
				 "Give the gateway a mark that nothing else uses",
				 mark, mark, proxy->name, proxy->position.line);
		else
			diagnose(diagnostics, SEVERITY_ERROR, gateway->position,
				 "the gateway's mark, %" PRIu32 " (0x%" PRIx32 ") unless \"gateway.mark\" is set, is "
				 "also a mark of the proxy %s (line %d). Give one of them another mark",
				 mark, mark, proxy->name, proxy->position.line);
	}
}

static void check_priority(const struct gateway_reader *reader, struct diagnostics *diagnostics)
{
	if (reader->config->rule_priority < RULE_PRIORITY_LEAST)
		diagnose(diagnostics, SEVERITY_ERROR, reader->gateway.position,
			 "the gateway needs a \"rule-priority\" of at least %d, got %" PRIu32
			 ": two policy rules of its own precede those of the proxies",
			 RULE_PRIORITY_LEAST, reader->config->rule_priority);
}

void read_gateway(struct fy_node *node, struct config *config, struct diagnostics *diagnostics)
{
	struct gateway_reader reader = {.gateway = config->gateway, .config = config};

	if (node != NULL) {
		reader.gateway.enabled = true;
		reader.gateway.position = yaml_position(node);
		if (!keys_read(node, "gateway", gateway_keys, &reader, diagnostics))
			return;
	}
	if (reader.gateway.enabled) {
		check_mark(&reader, diagnostics);
		check_priority(&reader, diagnostics);
	}
	config->gateway = reader.gateway;
}
