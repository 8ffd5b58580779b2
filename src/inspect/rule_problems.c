/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What is wrong with rules that have no errors: the part of coverage.h that judges. */

#include "inspect/containers.h"
#include "inspect/coverage.h"
#include "inspect/cures.h"
#include "policy/pattern_set.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULE_TEXT_SIZE = RULE_PLACE_SIZE + 32 };

static const char *rule_about(const struct config *config, int32_t rule, char text[RULE_TEXT_SIZE])
{
	char place[RULE_PLACE_SIZE];

	snprintf(text, RULE_TEXT_SIZE, _("rule %" PRId32 " (%s)"), rule + 1,
		 config_rule_place(&config->rules[rule], place));
	return text;
}

/* With its selector, to begin a sentence. For free(), or NULL without memory. */
static char *rule_named(const struct config *config, int32_t rule)
{
	char place[RULE_PLACE_SIZE];

	return problem_cure("rule %" PRId32 " on %s (%s)", rule + 1, config_rule_place(&config->rules[rule], place),
			    config->rules[rule].selector);
}

/* Whether an expression matches each path there is; of those that do, the ones that somebody writes. */
static bool matches_all(const char *pattern)
{
	static const char *const all[] = {"",	 "^",	 ".",	"^.",	".*",	"^.*", ".+",	"^.+",	"/",   "^/",
					  "/.*", "^/.*", "/.+", "^/.+", "^.*$", ".*$", "^/.*$", "^.+$", ".+$", "^/.+$"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(pattern, all[i]) == 0)
			return true;
	}
	return false;
}

/* Two rules for the same: one would always take all from the other. */
static char *cure_by_removing(const struct config *config, int32_t rule, int32_t other)
{
	CLEANUP(freep) char *place = place_of_rule(config, rule);
	CLEANUP(freep) char *same = place_of_rule(config, other);

	return place != NULL && same != NULL
		       ? problem_cure("remove one of the two, the rule of %s or that of %s; then: "
				      "systemctl reload cgtproxy",
				      place, same)
		       : NULL;
}

static int compare_patterns(const void *left, const void *right)
{
	const struct config_rule *a = left;
	const struct config_rule *b = right;

	return strcmp(a->pattern, b->pattern);
}

/* What is known of the rules in front of one. */
struct earlier {
	void *by_pattern; /* tsearch(3): the first of each */
	int32_t of_all;	  /* the first that takes all that comes to it, or NO_RULE */
};

/* Notes a rule, in order. Returns the first that has taken all that it is for, or NO_RULE, or -ENOMEM. */
static int32_t note_rule(const struct config *config, int32_t rule, struct earlier *earlier)
{
	const struct config_rule *const *same = tsearch(&config->rules[rule], &earlier->by_pattern, compare_patterns);

	if (same == NULL)
		return -ENOMEM;
	if (*same != &config->rules[rule])
		return (int32_t)(*same - config->rules);
	if (earlier->of_all != NO_RULE)
		return earlier->of_all;
	if (matches_all(config->rules[rule].pattern))
		earlier->of_all = rule;
	return NO_RULE;
}

/* Adds a rule that no cgroup can come to, whatever its name. Returns 1 if it is one, 0, or -ENOMEM. */
static int judge_dead(const struct config *config, int32_t rule, struct earlier *earlier, struct problems *problems)
{
	const int32_t taker = note_rule(config, rule, earlier);
	CLEANUP(freep) char *named = NULL;
	char about[RULE_TEXT_SIZE];
	char place[RULE_PLACE_SIZE];
	bool is_same = false;
	int result = 0;

	if (taker == NO_RULE || taker == -ENOMEM)
		return taker == NO_RULE ? 0 : -ENOMEM;
	if (config->rules[taker].target == config->rules[rule].target || is_overridden(config, rule, taker))
		return 1; /* which makes no difference, or is what somebody wants */
	is_same = strcmp(config->rules[taker].pattern, config->rules[rule].pattern) == 0;
	named = rule_named(config, rule);
	if (named == NULL)
		return -ENOMEM;
	result = problems_add(problems, PROBLEM_RULE_DEAD, rule_about(config, rule, about),
			      is_same ? cure_by_removing(config, rule, taker) : cure_by_moving(config, rule, taker),
			      "%s can never match: rule %" PRId32 " on %s takes every cgroup that it is for", named,
			      taker + 1, config_rule_place(&config->rules[taker], place));
	return result < 0 ? result : 1;
}

static int judge_taken(const struct coverage *coverage, int32_t rule, struct problems *problems)
{
	const struct config *config = coverage->plan->config;
	const struct rule_coverage *found = &coverage->rules[rule];
	CLEANUP(freep) char *named = NULL;
	char about[RULE_TEXT_SIZE];
	char place[RULE_PLACE_SIZE];
	char cgroups[64];
	char *cure = NULL;
	bool is_same = false;

	if (found->matched == 0 || found->taken < found->matched || found->taken_astray == 0)
		return 0;
	if (!found->has_more_takers && is_overridden(config, rule, found->taker))
		return 0;
	is_same = !found->has_more_takers && coverage->rules[found->taker].matched == found->matched;
	named = rule_named(config, rule);
	if (named == NULL)
		return -ENOMEM;
	snprintf(cgroups, sizeof(cgroups), ngettext("%zu cgroup", "%zu cgroups", found->matched), found->matched);
	config_rule_place(&config->rules[found->taker], place);
	rule_about(config, rule, about);
	cure = is_same ? cure_by_removing(config, rule, found->taker) : cure_by_moving(config, rule, found->taker);
	if (found->has_more_takers)
		return problems_add(problems, PROBLEM_RULE_TAKEN, about, cure,
				    "%s has no effect: it matches %s, taken by earlier rules, the first of them rule "
				    "%" PRId32 " on %s",
				    named, cgroups, found->taker + 1, place);
	return problems_add(problems, PROBLEM_RULE_TAKEN, about, cure,
			    "%s has no effect: it matches %s, taken by rule %" PRId32 " on %s", named, cgroups,
			    found->taker + 1, place);
}

/* Whether a rule is for the unit of Docker's daemon, by name. */
static bool names_docker(const struct config_rule *rule)
{
	const char *name =
		strncmp(rule->selector, "unit: ", strlen("unit: ")) == 0 ? strstr(rule->selector, DOCKER_UNIT) : NULL;

	return name != NULL && strchr(" [,", name[-1]) != NULL;
}

/* Who has no rule for containers and names their daemon, may think that they are below it. */
static int judge_containers(const struct coverage *coverage, int32_t rule, struct problems *problems)
{
	const struct config *config = coverage->plan->config;
	const struct config_rule *subject = &config->rules[rule];
	CLEANUP(freep) char *place = NULL;
	CLEANUP(freep) char *named = NULL;
	CLEANUP(freep) char *shown = NULL;
	char about[RULE_TEXT_SIZE];
	const char *target = config_target_name(config, subject->target);
	const bool is_proxy = subject->target >= TARGET_FIRST_PROXY;

	if (coverage->containers == 0 || subject->target == coverage->container_target || !names_docker(subject))
		return 0;
	place = place_of_rule(config, rule);
	named = rule_named(config, rule);
	shown = shown_copy(coverage->container);
	if (place == NULL || named == NULL || shown == NULL)
		return -ENOMEM;
	return problems_add(problems, PROBLEM_RULE_CONTAINERS, rule_about(config, rule, about),
			    problem_cure("write a rule for them above %s, then: systemctl reload cgtproxy\n"
					 "  - %s\n    %s: %s",
					 place, DOCKER_CONTAINERS, is_proxy ? "tproxy" : target,
					 is_proxy ? target : "true"),
			    "%s is not for Docker's containers: they are not below docker.service. There is %s, and no "
			    "rule for it",
			    named, shown);
}

/* What the tree refers to is the config's. */
static void keep(void *rule)
{
	(void)rule;
}

int coverage_judge(const struct coverage *coverage, struct problems *problems)
{
	const struct config *config = coverage->plan->config;
	struct earlier earlier = {NULL, NO_RULE};
	int result = 0;

	for (int32_t i = 0; i < (int32_t)config->rule_count && result >= 0; i++) {
		result = judge_dead(config, i, &earlier, problems);
		if (result == 0)
			result = judge_taken(coverage, i, problems);
		if (result == 0)
			result = judge_containers(coverage, i, problems);
	}
	tdestroy(earlier.by_pattern, keep);
	return result < 0 ? result : 0;
}
