/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/cmd.h"
#include "cmd/finding.h"
#include "cmd/pager.h"
#include "cmd/system.h"
#include "config/load.h"
#include "engine/requirements.h"
#include "inspect/coverage.h"
#include "policy/pattern_set.h"
#include "util/cleanup.h"
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
			fprintf(list, "%s%s", ftell(list) > 0 ? ", " : "", config_rule_place(&config->rules[i], place));
	}
	if (fclose(list) == 0 && size > 0)
		finding_print(FINDING_WARNING, "rules",
			      "any user can choose the target of these rules by giving a cgroup below "
			      "/user.slice/.../user@UID.service a matching name: %s. If that is not intended, anchor "
			      "the expression with ^, or select by \"unit\" or \"user\"",
			      lines);
}

static void print_coverage(const struct config_rule *rule, size_t number, const char *target,
			   const struct coverage *coverage)
{
	char place[RULE_PLACE_SIZE];
	char subject[RULE_PLACE_SIZE + 32];
	char more[32];

	snprintf(subject, sizeof(subject), "rule %zu (%s)", number, config_rule_place(rule, place));
	if (coverage->count == 0)
		finding_print(FINDING_OK, subject, "%s, %s: no cgroup at present", rule->selector, target);
	else
		finding_print(FINDING_OK, subject, "%s, %s: %zu %s", rule->selector, target, coverage->count,
			      coverage->count == 1 ? "cgroup" : "cgroups");
	for (size_t i = 0; i < COVERAGE_EXAMPLES && coverage->examples[i] != NULL; i++)
		finding_print_detail(coverage->examples[i], strlen(coverage->examples[i]));
	if (coverage->count > COVERAGE_EXAMPLES) {
		snprintf(more, sizeof(more), "and %zu more", coverage->count - COVERAGE_EXAMPLES);
		finding_print_detail(more, strlen(more));
	}
}

/* Shows which cgroups of this host a config's rules match; a failure to find out does not fail the check. */
static void show_coverage(const struct config *config)
{
	struct coverage *coverage = NULL;
	struct error error;

	if (coverage_read(config, &coverage, &error) < 0)
		finding_print(FINDING_SKIPPED, "rule coverage", "%s", error.text);
	else
		for (size_t i = 0; i < config->rule_count; i++)
			print_coverage(&config->rules[i], i + 1, config_target_name(config, config->rules[i].target),
				       &coverage[i]);
	coverage_free(coverage, config->rule_count);
}

static void show_config(const struct config *config)
{
	warn_of_names_that_users_choose(config);
	finding_print(FINDING_OK, "config", "%zu %s, %zu %s", config->rule_count,
		      config->rule_count == 1 ? "rule" : "rules", config->proxy_count,
		      config->proxy_count == 1 ? "proxy" : "proxies");
	show_coverage(config);
}

/* Uses the config's own ruleset, so that the kernel features it needs are checked too. */
static void check_permission(const struct config *config)
{
	struct error error;

	if (requirements_try(config, &error) < 0)
		finding_print(FINDING_ERROR, "permission", "%s", error.text);
	else
		finding_print(FINDING_OK, "permission", "nftables accepts the ruleset; nothing was applied");
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
	struct config *config = NULL;
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
		show_config(config);
	if (config != NULL && (what == NULL || strcmp(what, "permission") == 0))
		check_permission(config);
	if (config != NULL && (what == NULL || strcmp(what, "system") == 0))
		code = check_system(config);
	else
		config_free(config);
	end = findings_end();
	return code != EXIT_OK ? code : end;
}
