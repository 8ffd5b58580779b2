/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes rules for what people name, each into the one drop-in that is for this. */

#include "cmd/choose.h"
#include "cmd/cmd.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/reload.h"
#include "cmd/route_change.h"
#include "cmd/routes_file.h"
#include "cmd/target.h"
#include "config/dropin_edit.h"
#include "inspect/coverage.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"
#include "util/quote.h"

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
	if (file.rules.count == 0 && !arguments->no_legend)
		puts(_("No routes; \"cgtproxy route NAME TARGET\" writes one"));
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

/* Which cgroups the rule is for now. */
static void print_coverage(const struct route_change *change)
{
	const struct rule_coverage *own = NULL;

	if (change->rule == NO_RULE || change->comparison.coverage.rules == NULL)
		return;
	own = &change->comparison.coverage.rules[change->rule];
	if (own->count == 0 && own->taken == 0)
		puts(_("  no cgroup now"));
	for (size_t i = 0; i < COVERAGE_EXAMPLES && own->examples[i] != NULL; i++) {
		fputs("  ", stdout);
		output_print_escaped(own->examples[i], strlen(own->examples[i]));
		putchar('\n');
	}
	if (own->count > COVERAGE_EXAMPLES)
		printf(_("  and %zu more\n"), own->count - COVERAGE_EXAMPLES);
}

/* Returns the exit code. */
static int tell_reload(enum reload reload)
{
	const char *text = reload_text(reload);

	if (text == NULL)
		return EXIT_OK;
	if (reload == RELOAD_NOT_RUNNING) {
		puts(text);
		return EXIT_OK;
	}
	if (reload == RELOAD_TIMED_OUT)
		log_error("%s", text);
	else
		log_warning("%s", text);
	return EXIT_ERROR;
}

static void print_word(const char *word)
{
	CLEANUP(freep) char *quoted = quote_for_shell(word);

	if (quoted != NULL)
		fputs(quoted, stdout);
}

static void print_undo(const struct arguments *arguments, const char *old_target, const char *key, const char *value)
{
	CLEANUP(freep) char *name = NULL;

	if (asprintf(&name, "%s:%s", key, value) < 0)
		return;
	fputs(_("Undo: sudo cgtproxy "), stdout);
	if (arguments->config != NULL) {
		fputs("-c ", stdout);
		print_word(arguments->config);
		putchar(' ');
	}
	fputs("route ", stdout);
	if (old_target == NULL)
		fputs("--forget ", stdout);
	print_word(name);
	if (old_target != NULL) {
		putchar(' ');
		print_word(old_target);
	}
	putchar('\n');
}

static int put_route(const struct arguments *arguments, const struct config *present, const struct choice *choice,
		     const char *target)
{
	CLEANUP(route_change_clear) struct route_change change = {0};
	enum reload reload = RELOAD_DONE;
	int code = route_change_put(arguments, present, choice, target, &change);

	if (code != EXIT_OK)
		return code;
	reload = reload_daemon(change.config); /* first, so that what is printed is so */
	print_name(choice);
	printf(" -> %s\n", target);
	print_coverage(&change);
	route_change_warn(&change);
	print_undo(arguments, change.old_target, choice->key, choice->value);
	return tell_reload(reload);
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

static int remove_route(const struct arguments *arguments, const char *key, const char *value)
{
	CLEANUP(route_change_clear) struct route_change change = {0};
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(strlen(value)));
	enum reload reload = RELOAD_DONE;
	int code = route_change_remove(arguments, key, value, &change);

	if (code != EXIT_OK)
		return code;
	reload = reload_daemon(change.config);
	if (shown != NULL)
		printf(_("%s:%s no longer has its own rule\n"), key,
		       escape_but_backslash(shown, ESCAPED_SIZE(strlen(value)), value, strlen(value)));
	print_undo(arguments, change.old_target, key, value);
	return tell_reload(reload);
}

static int forget(const struct arguments *arguments)
{
	CLEANUP(routes_file_close) struct routes_file file = {.directory = -1};
	CLEANUP(config_freep) struct config *config = load_config(arguments);
	CLEANUP(choice_clear) struct choice choice = {0};
	const struct written_rule *rule = NULL;
	int code = config != NULL ? routes_file_open(arguments, false, &file) : EXIT_ERROR;

	if (code != EXIT_OK)
		return code;
	rule = find_written(&file.rules, arguments->forget);
	if (rule != NULL)
		return remove_route(arguments, rule->key, rule->value);
	code = choose(config, arguments->forget, &choice);
	return code == EXIT_OK ? remove_route(arguments, choice.key, choice.value) : code;
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
