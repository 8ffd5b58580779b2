/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes rules for what people name, each into the one drop-in that is for this. */

#include "cmd/choose.h"
#include "cmd/cmd.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/reload.h"
#include "cmd/routes_file.h"
#include "cmd/target.h"
#include "config/dropin_edit.h"
#include "inspect/coverage.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_text(const struct written_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct written_rule *rule = &rules->items[i];
		const char *value = rule->value != NULL ? rule->value : "[...]";

		printf("%s:", rule->key);
		output_print_escaped(value, strlen(value));
		putchar(' ');
		output_print_escaped(rule->target, strlen(rule->target));
		putchar('\n');
	}
}

static int print_json(const struct written_rules *rules, enum json_format format)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < rules->count; i++) {
		const struct written_rule *rule = &rules->items[i];

		json_array_append_new(list, json_pack("{s:s, s:s?, s:s, s:i}", "selector", rule->key, "name",
						      rule->value, "target", rule->target, "line", rule->line));
	}
	if (json_array_size(list) == rules->count && output_write_json(list, format, stdout) == 0)
		return EXIT_OK;
	log_error("no memory to list the rules");
	return EXIT_ERROR;
}

static int list_routes(const struct arguments *arguments)
{
	CLEANUP(routes_file_close) struct routes_file file = {0};
	int code = routes_file_open(arguments, false, &file);

	if (code != EXIT_OK)
		return code;
	if (arguments->json != JSON_FORMAT_OFF)
		return print_json(&file.rules, arguments->json);
	print_text(&file.rules);
	return EXIT_OK;
}

static void print_choice(const struct choice *choice)
{
	printf("%s:", choice->key);
	output_print_escaped(choice->value, strlen(choice->value));
}

/* "Telegram (app:org.telegram.desktop)", or only what is in parentheses. */
static void print_name(const struct choice *choice)
{
	const bool has_name = strcmp(choice->name, choice->value) != 0;

	if (has_name) {
		output_print_escaped(choice->name, strlen(choice->name));
		fputs(" (", stdout);
	}
	print_choice(choice);
	if (has_name)
		putchar(')');
}

static const struct config_rule *find_rule(const struct config *config, const char *edited, const struct choice *choice,
					   size_t *index)
{
	CLEANUP(written_rules_clear) struct written_rules rules = {0};
	const struct written_rule *written = NULL;
	struct error error;

	if (written_rules_read(edited, strlen(edited), &rules, &error) == 0)
		written = written_rules_find(&rules, choice->key, choice->value);
	for (*index = 0; written != NULL && *index < config->rule_count; (*index)++) {
		const struct config_rule *rule = &config->rules[*index];

		if (rule->dropin != NULL && strcmp(rule->dropin, DROPIN_DIRECTORY "/" ROUTES_FILE) == 0 &&
		    rule->position.line == written->line)
			return rule;
	}
	return NULL;
}

/* Which cgroups the rule is for now. */
static void print_coverage(const struct config *config, size_t index)
{
	CLEANUP(comparison_clear) struct comparison comparison = {0};
	struct error error;

	if (comparison_make(&comparison, config, &error) == 0) {
		const struct rule_coverage *own = &comparison.coverage.rules[index];

		if (own->count == 0)
			puts("  no cgroup now");
		for (size_t i = 0; i < COVERAGE_EXAMPLES && own->examples[i] != NULL; i++) {
			fputs("  ", stdout);
			output_print_escaped(own->examples[i], strlen(own->examples[i]));
			putchar('\n');
		}
		if (own->count > COVERAGE_EXAMPLES)
			printf("  and %zu more\n", own->count - COVERAGE_EXAMPLES);
	} else {
		log_warning("%s", error.text);
	}
}

/* Returns the exit code. */
static int tell_reload(enum reload reload)
{
	switch (reload) {
	case RELOAD_DONE:
		break;
	case RELOAD_NOT_RUNNING:
		puts("cgtproxy is not running; this takes effect when it starts (systemctl start cgtproxy)");
		break;
	case RELOAD_OTHER_CONFIG:
		log_warning("the running daemon uses another config (see cgtproxy status), so this has no effect");
		return EXIT_ERROR;
	case RELOAD_NOT_PERMITTED:
		log_warning("no permission to reload the daemon: sudo systemctl reload cgtproxy");
		return EXIT_ERROR;
	case RELOAD_TIMED_OUT:
		log_error("the daemon has not applied the new rules; see journalctl -u cgtproxy");
		return EXIT_ERROR;
	}
	return EXIT_OK;
}

static void print_undo(const struct written_rule *old, const struct choice *choice)
{
	fputs("Undo: cgtproxy route ", stdout);
	if (old == NULL)
		fputs("--forget ", stdout);
	print_choice(choice);
	if (old != NULL) {
		putchar(' ');
		output_print_escaped(old->target, strlen(old->target));
	}
	putchar('\n');
}

static int put_route(const struct arguments *arguments, const struct config *present, const struct choice *choice,
		     const char *target)
{
	CLEANUP(routes_file_close) struct routes_file file = {0};
	CLEANUP(config_freep) struct config *config = NULL;
	CLEANUP(freep) char *edited = NULL;
	struct written_rule rule = {.key = choice->key, .value = choice->value};
	CLEANUP(freep) char *name = strdup(target);
	struct error error;
	uint32_t number = 0;
	size_t index = 0;
	int code = routes_file_open(arguments, true, &file);

	if (code != EXIT_OK)
		return code;
	rule.target = name;
	rule.is_tproxy = target_find(present, target, &number) && number >= TARGET_FIRST_PROXY;
	if (name == NULL || dropin_put_rule(file.text, file.length, &rule, &edited, &error) < 0) {
		log_error("%s/" DROPIN_DIRECTORY "/" ROUTES_FILE ": %s", file.path,
			  name != NULL ? error.text : "no memory");
		return EXIT_ERROR;
	}
	config = routes_file_write(arguments, &file, edited);
	if (config == NULL)
		return EXIT_ERROR;
	print_name(choice);
	printf(" -> %s\n", target);
	if (find_rule(config, edited, choice, &index) != NULL)
		print_coverage(config, index);
	print_undo(written_rules_find(&file.rules, choice->key, choice->value), choice);
	return tell_reload(reload_daemon(config));
}

static int route(const struct arguments *arguments)
{
	CLEANUP(config_freep) struct config *config = load_config(arguments);
	CLEANUP(choice_clear) struct choice choice = {0};
	uint32_t target = 0;
	int code = EXIT_OK;

	if (config == NULL)
		return EXIT_ERROR;
	if (!target_find(config, arguments->words[1], &target)) {
		target_log_unknown(config, arguments->words[1]);
		return EXIT_USAGE;
	}
	code = choose(config, arguments->words[0], &choice);
	return code == EXIT_OK ? put_route(arguments, config, &choice, arguments->words[1]) : code;
}

/* What is to be forgotten may be gone, so the rules themselves are asked first. */
static const struct written_rule *find_written(const struct written_rules *rules, const char *word)
{
	const char *key = NULL;
	const char *value = choose_explicit(word, &key);

	if (value != NULL)
		return written_rules_find(rules, key, value);
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i].value != NULL && strcmp(rules->items[i].value, word) == 0)
			return &rules->items[i];
	}
	return NULL;
}

static int remove_route(const struct arguments *arguments, const struct routes_file *file,
			const struct written_rule *rule)
{
	const struct choice choice = {.key = rule->key, .value = rule->value};
	CLEANUP(config_freep) struct config *config = NULL;
	CLEANUP(freep) char *edited = NULL;
	struct error error;

	if (dropin_remove_rule(file->text, file->length, rule->key, rule->value, &edited, &error) < 0) {
		log_error("%s/" DROPIN_DIRECTORY "/" ROUTES_FILE ": %s", file->path, error.text);
		return EXIT_ERROR;
	}
	config = routes_file_write(arguments, file, edited);
	if (config == NULL)
		return EXIT_ERROR;
	printf("%s:", rule->key);
	output_print_escaped(rule->value, strlen(rule->value));
	puts(" no longer has its own rule");
	print_undo(rule, &choice);
	return tell_reload(reload_daemon(config));
}

static int forget(const struct arguments *arguments)
{
	CLEANUP(routes_file_close) struct routes_file file = {0};
	CLEANUP(config_freep) struct config *config = load_config(arguments);
	CLEANUP(choice_clear) struct choice choice = {0};
	const struct written_rule *rule = NULL;
	int code = config != NULL ? routes_file_open(arguments, true, &file) : EXIT_ERROR;

	if (code != EXIT_OK)
		return code;
	rule = find_written(&file.rules, arguments->forget);
	if (rule == NULL) {
		code = choose(config, arguments->forget, &choice);
		if (code != EXIT_OK)
			return code;
		rule = written_rules_find(&file.rules, choice.key, choice.value);
	}
	if (rule != NULL)
		return remove_route(arguments, &file, rule);
	log_error("there is no route for %s:%s; \"cgtproxy route --list\" lists them", choice.key, choice.value);
	return EXIT_ERROR;
}

int cmd_route(const struct arguments *arguments)
{
	const bool lists = arguments->list || (arguments->count == 0 && arguments->forget == NULL);
	const int expected = lists || arguments->forget != NULL ? 0 : 2;

	if (arguments->count != expected || (arguments->list && arguments->forget != NULL) ||
	    (arguments->json && !lists)) {
		log_error("Usage: cgtproxy [-c FILE] route NAME TARGET, route --list [--json], or route --forget NAME");
		return EXIT_USAGE;
	}
	if (lists)
		return list_routes(arguments);
	return arguments->forget != NULL ? forget(arguments) : route(arguments);
}
