/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/route_change.h"

#include "cmd/routes_file.h"
#include "cmd/target.h"
#include "config/load.h"
#include "inspect/cures.h"
#include "inspect/listening.h"
#include "inspect/naming.h"
#include "inspect/proxy_loop.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"
#include "util/quote.h"

#include <stdlib.h>
#include <string.h>

void route_change_clear(struct route_change *change)
{
	comparison_clear(&change->comparison);
	config_free(change->config);
	free(change->edited);
	free(change->old_target);
	*change = (struct route_change){0};
}

static int fail(const struct routes_file *file, const char *reason)
{
	log_error("%s/%s: %s", file->path, ROUTES_PLACE, reason);
	return EXIT_ERROR;
}

static int note_old(const struct written_rule *old, struct route_change *change)
{
	if (old == NULL)
		return 0;
	change->old_target = strdup(old->target);
	return change->old_target != NULL ? 0 : -1;
}

/* Which rule of the new config is the one that was put. */
static int32_t find_rule(const struct config *config, const char *edited, const struct written_rule *rule)
{
	CLEANUP(written_rules_clear) struct written_rules rules = {0};
	const struct written_rule *written = NULL;
	struct error error;

	if (written_rules_read(edited, strlen(edited), &rules, &error) == 0)
		written = written_rules_find(&rules, rule->key, rule->value);
	for (int32_t i = 0; written != NULL && i < (int32_t)config->rule_count; i++) {
		const struct config_rule *at = &config->rules[i];

		if (at->dropin != NULL && strcmp(at->dropin, ROUTES_PLACE) == 0 && at->position.line == written->line)
			return i;
	}
	return NO_RULE;
}

/* Whether the config without the change has such a loop, too. */
static bool has_loop_before(const struct arguments *arguments)
{
	CLEANUP(config_freep) struct config *config = NULL;
	CLEANUP(comparison_clear) struct comparison comparison = {0};
	struct diagnostics diagnostics = {0};
	struct proxy_place found = {0};
	struct error error;
	bool has_loop = false;

	config_load(arguments->config, &config, &diagnostics);
	diagnostics_clear(&diagnostics);
	if (config != NULL && comparison_make(&comparison, config, &error) == 0)
		has_loop = proxy_loop_find(&comparison, NO_RULE, &found) == 1;
	free(found.path);
	return has_loop;
}

/* What would have the proxy's traffic go direct whatever comes of the change. */
static void log_way_out(const struct arguments *arguments, const struct written_rule *rule,
			const struct proxy_place *found)
{
	bool temporary = false;
	CLEANUP(freep) char *word = naming_word(found->path, &temporary);
	CLEANUP(freep) char *selector = naming_selector(found->path, &temporary);
	CLEANUP(freep) char *quoted = word != NULL ? quote_for_shell(word) : NULL;
	CLEANUP(freep) char *config = arguments->config != NULL ? quote_for_shell(arguments->config) : NULL;
	const size_t key = rule != NULL ? strlen(rule->key) : 0;
	const bool is_general = rule != NULL && (strcmp(rule->key, "user") == 0 || strcmp(rule->key, "slice") == 0);

	if (quoted == NULL || selector == NULL)
		return;
	if (rule != NULL && strncmp(word, rule->key, key) == 0 && word[key] == ':' &&
	    strcmp(word + key + 1, rule->value) == 0)
		log_error("%s is the proxy itself, which has to go direct", word);
	else if (is_general && strncmp(word, "slice:", strlen("slice:")) != 0)
		log_error("first write a rule for the proxy itself: sudo cgtproxy %s%s%sroute %s direct%s",
			  config != NULL ? "-c " : "", config != NULL ? config : "", config != NULL ? " " : "", quoted,
			  temporary ? _(" (only until it is started again, since its cgroup then has another name; a "
					"service keeps its name)")
				    : "");
	else
		log_error("first write a rule for the proxy itself into a file that comes before, such as "
			  "%s/10-proxy.yaml:\nrules:\n  - %s\n    direct: true",
			  DROPIN_DIRECTORY, selector);
}

/* Logs a loop if the change makes one. Returns the exit code. */
static int refuse_loop(const struct arguments *arguments, const struct route_change *change,
		       const struct written_rule *rule)
{
	struct proxy_place found = {0};
	int result = proxy_loop_find(&change->comparison, change->rule, &found);
	CLEANUP(freep) char *path = found.path;
	CLEANUP(freep) char *shown = result == 1 ? shown_copy(path) : NULL;

	if (result < 0)
		log_warning("who listens for the proxies is unknown (%s), so that no proxy is sent its own traffic was "
			    "not checked",
			    strerror(-result));
	if (result != 1 || shown == NULL || (change->rule == NO_RULE && has_loop_before(arguments)))
		return EXIT_OK;
	log_error("the proxy %s listens in %s, and this would send its own traffic back to it, in a loop; nothing was "
		  "changed",
		  change->config->proxies[found.proxy].name, shown);
	log_way_out(arguments, rule, &found);
	return EXIT_ERROR;
}

/* Writes the text that is in the change. @rule: that was put, or NULL */
static int write_change(const struct arguments *arguments, struct routes_file *file, const struct written_rule *rule,
			struct route_change *change)
{
	struct error error;
	int code = EXIT_OK;

	change->config = routes_file_check(arguments, change->edited, rule, &code);
	if (change->config == NULL)
		return code;
	change->rule = rule != NULL ? find_rule(change->config, change->edited, rule) : NO_RULE;
	if (comparison_make(&change->comparison, change->config, &error) < 0) {
		log_warning("%s", error.text);
		comparison_clear(&change->comparison);
	} else {
		code = refuse_loop(arguments, change, rule);
	}
	if (code == EXIT_OK)
		code = routes_file_write(file, change->edited);
	change->is_denied = file->is_denied;
	return code;
}

static int put_rule(const struct arguments *arguments, struct routes_file *file, const struct written_rule *rule,
		    struct route_change *change)
{
	struct error error;

	if (note_old(written_rules_find(&file->rules, rule->key, rule->value), change) < 0)
		return fail(file, _("no memory"));
	if (dropin_put_rule(file->text, file->length, rule, &change->edited, &error) < 0)
		return fail(file, error.text);
	return write_change(arguments, file, rule, change);
}

/* What of the cgroups that the rule matches goes elsewhere, since an earlier rule takes them. */
static void warn_of_taken(const struct config *config, const struct rule_coverage *own)
{
	const struct config_rule *taker = own->taken_astray > 0 ? &config->rules[own->taker] : NULL;
	char place[RULE_PLACE_SIZE];

	if (taker == NULL)
		return;
	log_warning(
		own->has_more_takers
			? ngettext("%zu cgroup of it goes elsewhere, since the rule on %s (%s) comes first, or another",
				   "%zu cgroups of it go elsewhere, since the rule on %s (%s) comes first, or another",
				   own->taken_astray)
			: ngettext("%zu cgroup of it goes elsewhere, since the rule on %s (%s) comes first",
				   "%zu cgroups of it go elsewhere, since the rule on %s (%s) comes first",
				   own->taken_astray),
		own->taken_astray, config_rule_place(taker, place), taker->selector);
}

static void warn_of_absent(const struct config *config, int32_t rule)
{
	const uint32_t target = rule != NO_RULE ? config->rules[rule].target : TARGET_DIRECT;
	const struct proxy *proxy = target >= TARGET_FIRST_PROXY ? &config->proxies[target - TARGET_FIRST_PROXY] : NULL;

	if (proxy != NULL && proxy_is_absent(proxy))
		log_warning("nothing listens on port %u, so what is sent there is refused. Start the proxy %s, or "
			    "correct its port in the config",
			    proxy->port, proxy->name);
}

void route_change_warn(const struct route_change *change)
{
	if (change->rule == NO_RULE)
		return;
	if (change->comparison.coverage.rules != NULL)
		warn_of_taken(change->config, &change->comparison.coverage.rules[change->rule]);
	warn_of_absent(change->config, change->rule);
}

int route_change_put(const struct arguments *arguments, const struct config *present, const struct choice *choice,
		     const char *target, struct route_change *change)
{
	CLEANUP(routes_file_close) struct routes_file file = {.directory = -1};
	struct written_rule rule = {.key = choice->key, .value = choice->value};
	CLEANUP(freep) char *name = strdup(target);
	uint32_t number = 0;
	int code = EXIT_OK;

	if (choose_has_control_characters(choice->value)) {
		log_error("no rule can be written for this, since there are control characters in its name");
		return EXIT_ERROR;
	}
	code = routes_file_open(arguments, true, &file);
	change->is_denied = file.is_denied;
	if (code != EXIT_OK)
		return code;
	if (name == NULL)
		return fail(&file, _("no memory"));
	rule.target = name;
	rule.is_tproxy = target_find(present, target, &number) && number >= TARGET_FIRST_PROXY;
	return put_rule(arguments, &file, &rule, change);
}

static int log_missing(const char *key, const char *value)
{
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(strlen(value)));

	if (shown != NULL)
		log_error("there is no route for %s:%s; \"cgtproxy route --list\" lists them", key,
			  escape_but_backslash(shown, ESCAPED_SIZE(strlen(value)), value, strlen(value)));
	return EXIT_ERROR;
}

int route_change_remove(const struct arguments *arguments, const char *key, const char *value,
			struct route_change *change)
{
	CLEANUP(routes_file_close) struct routes_file file = {0};
	const struct written_rule *old = NULL;
	struct error error;
	int code = routes_file_open(arguments, true, &file);

	change->is_denied = file.is_denied;
	if (code != EXIT_OK)
		return code;
	old = written_rules_find(&file.rules, key, value);
	if (old == NULL)
		return log_missing(key, value);
	if (note_old(old, change) < 0)
		return fail(&file, _("no memory"));
	if (dropin_remove_rule(file.text, file.length, key, value, &change->edited, &error) < 0)
		return fail(&file, error.text);
	return write_change(arguments, &file, NULL, change);
}
