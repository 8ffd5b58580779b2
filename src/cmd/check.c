/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/cmd.h"
#include "cmd/finding.h"
#include "cmd/obstacles.h"
#include "cmd/pager.h"
#include "cmd/system.h"
#include "config/load.h"
#include "engine/requirements.h"
#include "inspect/coverage.h"
#include "policy/pattern_set.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * An expression that can match in the middle of a path also matches below a user's manager, where users choose the
 * names of cgroups. If it matches the manager itself, they gain nothing by that.
 */
static bool depends_on_names_that_users_choose(const char *pattern)
{
	static const char manager[] = "/user.slice/user-1000.slice/user@1000.service";
	struct pattern_set *set = NULL;
	bool matches_manager = true;

	if (pattern_is_anchored(pattern))
		return false;
	set = pattern_set_new(&pattern, 1);
	if (set != NULL)
		matches_manager = pattern_set_first_match(set, manager, strlen(manager)) != PATTERN_NONE;
	pattern_set_free(set);
	return !matches_manager;
}

static void warn_of_names_that_users_choose(const struct config *config)
{
	CLEANUP(freep) char *lines = NULL;
	char place[RULE_PLACE_SIZE];
	size_t size = 0;
	FILE *list = open_memstream(&lines, &size);

	if (list == NULL)
		return;
	for (size_t i = 0; i < config->rule_count; i++) {
		if (depends_on_names_that_users_choose(config->rules[i].pattern))
			fprintf(list, "%s%s", ftell(list) > 0 ? _(", ") : "",
				config_rule_place(&config->rules[i], place));
	}
	if (fclose(list) == 0 && size > 0)
		finding_print(FINDING_WARNING, N_("rules"),
			      "any user can choose the target of these rules by giving a cgroup below "
			      "/user.slice/.../user@UID.service a matching name: %s. If that is not intended, anchor "
			      "the expression with ^, or select by \"unit\" or \"user\"",
			      lines);
}

static void print_counts(const struct config *config, size_t index, const struct rule_coverage *coverage)
{
	const struct config_rule *rule = &config->rules[index];
	const char *target = config_target_name(config, rule->target);
	char place[RULE_PLACE_SIZE];
	char subject[RULE_PLACE_SIZE + 64];

	snprintf(subject, sizeof(subject), _("rule %zu (%s)"), index + 1, config_rule_place(rule, place));
	if (coverage->count > 0)
		finding_print(FINDING_OK, subject,
			      ngettext("%s, %s: %zu cgroup", "%s, %s: %zu cgroups", coverage->count), rule->selector,
			      target, coverage->count);
	else if (coverage->taken > 0 && coverage->has_more_takers)
		finding_print(FINDING_OK, subject,
			      "%s, %s: no cgroup at present; it matches %zu, taken by earlier rules, the first of them "
			      "rule %d on %s",
			      rule->selector, target, coverage->taken, coverage->taker + 1,
			      config_rule_place(&config->rules[coverage->taker], place));
	else if (coverage->taken > 0)
		finding_print(FINDING_OK, subject,
			      "%s, %s: no cgroup at present; it matches %zu, taken by rule %d on %s", rule->selector,
			      target, coverage->taken, coverage->taker + 1,
			      config_rule_place(&config->rules[coverage->taker], place));
	else
		finding_print(FINDING_OK, subject, "%s, %s: no cgroup at present", rule->selector, target);
}

static void print_coverage(const struct config *config, size_t index, const struct rule_coverage *coverage)
{
	char more[64];

	print_counts(config, index, coverage);
	for (size_t i = 0; i < COVERAGE_EXAMPLES && coverage->examples[i] != NULL; i++)
		finding_print_detail(coverage->examples[i], strlen(coverage->examples[i]));
	if (coverage->count > COVERAGE_EXAMPLES) {
		snprintf(more, sizeof(more), _("and %zu more"), coverage->count - COVERAGE_EXAMPLES);
		finding_print_detail(more, strlen(more));
	}
}

static void show_problems(const struct coverage *coverage)
{
	CLEANUP(problems_clear) struct problems problems = {0};

	if (coverage_judge(coverage, &problems) == 0)
		problems_print(&problems, N_("rules"));
}

/* Shows which cgroups of this host a config's rules match; a failure to find out does not fail the check. */
static void show_coverage(const struct config *config, bool with_problems)
{
	CLEANUP(comparison_clear) struct comparison comparison = {0};
	struct error error;

	if (comparison_make(&comparison, config, &error) < 0) {
		finding_print(FINDING_SKIPPED, N_("rule coverage"), "%s", error.text);
		return;
	}
	for (size_t i = 0; i < config->rule_count; i++)
		print_coverage(config, i, &comparison.coverage.rules[i]);
	if (with_problems)
		show_problems(&comparison.coverage);
}

static void show_config(const struct config *config, bool with_problems)
{
	const size_t forwarded = config->gateway.rule_count;
	char rules[64];
	char proxies[64];
	char gateway[64] = "";

	warn_of_names_that_users_choose(config);
	snprintf(rules, sizeof(rules), ngettext("%zu rule", "%zu rules", config->rule_count), config->rule_count);
	snprintf(proxies, sizeof(proxies), ngettext("%zu proxy", "%zu proxies", config->proxy_count),
		 config->proxy_count);
	if (forwarded > 0)
		snprintf(gateway, sizeof(gateway), ngettext(", %zu gateway rule", ", %zu gateway rules", forwarded),
			 forwarded);
	finding_print(FINDING_OK, N_("config"), "%s, %s%s", rules, proxies, gateway);
	show_coverage(config, with_problems);
}

/* Uses the config's own ruleset, so that the kernel features it needs are checked too. */
static void check_permission(const struct config *config)
{
	struct error error;

	if (requirements_try(config, &error) < 0)
		finding_print(FINDING_ERROR, N_("permission"), "%s", error.text);
	else
		finding_print(FINDING_OK, N_("permission"), "nftables accepts the ruleset; nothing was applied");
}

/* Returns the config, for config_free(), or NULL with its errors among the findings. */
static struct config *load(const struct arguments *arguments)
{
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	config_load(arguments->config, &config, &diagnostics);
	findings_print_diagnostics(&diagnostics);
	diagnostics_clear(&diagnostics);
	return config;
}

static bool is_one_of_ours(const char *what)
{
	return strcmp(what, "config") == 0 || strcmp(what, "permission") == 0 || strcmp(what, "system") == 0;
}

int cmd_check(const struct arguments *arguments)
{
	const char *what = arguments->count > 0 ? arguments->words[0] : NULL;
	CLEANUP(config_freep) struct config *config = NULL;
	int code = EXIT_OK;
	int end = EXIT_OK;

	if (arguments->count > 1 || (what != NULL && !is_one_of_ours(what))) {
		log_error("check takes config, permission, system or nothing. Usage: cgtproxy check "
			  "[config|permission|system] [--json]");
		return EXIT_USAGE;
	}
	pager_open(arguments);
	findings_begin(arguments->json);
	config = load(arguments);
	if (config != NULL && (what == NULL || strcmp(what, "config") == 0))
		show_config(config, what != NULL); /* "check system" shows all problems */
	if (config != NULL && (what == NULL || strcmp(what, "permission") == 0))
		check_permission(config);
	if (config != NULL && (what == NULL || strcmp(what, "system") == 0))
		code = check_system(config);
	end = findings_end();
	return code != EXIT_OK ? code : end;
}
