/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/problems.h"
#include "util/language.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By kind: its name for programs, and a summary with what it is about. */
static const struct {
	const char *name;
	const char *before;
	const char *after;
} kinds[] = {
	[PROBLEM_NOT_RUNNING] = {"not-running", "no daemon runs, but there is ", ""},
	[PROBLEM_TABLE] = {"table", "parts of ", " are missing"},
	[PROBLEM_FILE_ERRORS] = {"config-errors", "", " can't be loaded"},
	[PROBLEM_FILE_CHANGED] = {"config-changed", "", " is not what is in force"},
	[PROBLEM_FILE_OTHER] = {"config-other", "", " is not the daemon's config"},
	[PROBLEM_LOOPBACK] = {"loopback-down", "", " is down"},
	[PROBLEM_IPV6_LOOPBACK] = {"loopback-ipv6", "", " is off"},
	[PROBLEM_POLICY_RULES] = {"policy-rules", "", " are missing"},
	[PROBLEM_ROUTES] = {"routes", "", " is missing"},
	[PROBLEM_BLOCKING_RULE] = {"blocking-rule", "", " comes first"},
	[PROBLEM_FOREIGN_ROUTE] = {"foreign-route", "", " is in cgtproxy's routing table"},
	[PROBLEM_NO_ROUTE] = {"no-route", "", " is missing or blocked"},
	[PROBLEM_PROXY_ABSENT] = {"proxy-absent", "nobody listens for ", ""},
	[PROBLEM_PROXY_TRANSPARENT] = {"proxy-not-transparent", "the port of ", " is not for TPROXY"},
	[PROBLEM_PROXY_ADDRESS] = {"proxy-address", "", " listens on the wrong address"},
	[PROBLEM_PROXY_PROTOCOL] = {"proxy-protocol", "", " takes only one protocol"},
	[PROBLEM_PROXY_FAMILY] = {"proxy-family", "", " takes only one address family"},
	[PROBLEM_PROXY_LOOP] = {"proxy-loop", "", " is sent its own traffic"},
	[PROBLEM_RULE_DEAD] = {"rule-dead", "", " can never match"},
	[PROBLEM_RULE_TAKEN] = {"rule-taken", "earlier rules take all of ", ""},
	[PROBLEM_RULE_CONTAINERS] = {"rule-containers", "", " is not for containers"},
	[PROBLEM_MARK] = {"mark", "", " sets other marks"},
	[PROBLEM_NOTRACK] = {"notrack", "", " turns connection tracking off"},
	[PROBLEM_INPUT_POLICY] = {"input-policy", "", " drops proxied traffic"},
	[PROBLEM_ANSWERS] = {"answers", "", " drops proxies' answers"},
	[PROBLEM_BRIDGES] = {"bridges", "", " is on"},
	[PROBLEM_FENCE] = {"fence", "", " were about to bypass the proxy"},
	[PROBLEM_WATCHES] = {"watches", "", " are used up"},
};

const char *problem_kind_name(enum problem_kind kind)
{
	return kinds[kind].name;
}

const char *problem_summary(const struct problem *problem, char text[PROBLEM_SUMMARY_SIZE])
{
	snprintf(text, PROBLEM_SUMMARY_SIZE, "%s%s%s", kinds[problem->kind].before, problem->about,
		 kinds[problem->kind].after);
	return text;
}

static void problem_clear(struct problem *problem)
{
	free(problem->about);
	free(problem->text);
	free(problem->cure);
}

bool problems_leave_out(struct problems *problems)
{
	if (problems->count < PROBLEMS_MAX)
		return false;
	problems->left_out++;
	return true;
}

/* Takes the problem over. */
static int append(struct problems *problems, struct problem *problem)
{
	if (problems->items == NULL)
		problems->items = calloc(PROBLEMS_MAX, sizeof(*problems->items));
	if (problem->about == NULL || problem->text == NULL || problems->items == NULL) {
		problem_clear(problem);
		return -ENOMEM;
	}
	if (problems_leave_out(problems)) {
		problem_clear(problem);
		return 0;
	}
	problems->items[problems->count++] = *problem;
	return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is freed with the problem */
int problems_add(struct problems *problems, enum problem_kind kind, const char *about, char *cure, const char *format,
		 ...)
{
	struct problem problem = {.kind = kind, .about = strdup(about), .cure = cure};
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&problem.text, translate(format), arguments) < 0)
		problem.text = NULL;
	va_end(arguments);
	return append(problems, &problem);
}

char *problem_cure(const char *format, ...)
{
	char *cure = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&cure, translate(format), arguments) < 0)
		cure = NULL;
	va_end(arguments);
	return cure;
}

static int replace_reload(char **cure)
{
	static const char reload[] = "systemctl reload cgtproxy";
	const char *at = *cure != NULL ? strstr(*cure, reload) : NULL;
	char *changed = NULL;

	if (at == NULL)
		return 0;
	changed = problem_cure("%.*ssystemctl start cgtproxy%s", (int)(at - *cure), *cure, at + strlen(reload));
	if (changed == NULL)
		return -ENOMEM;
	free(*cure);
	*cure = changed;
	return 0;
}

int problems_cure_by_starting(struct problems *problems)
{
	int result = 0;

	for (size_t i = 0; i < problems->count && result == 0; i++)
		result = replace_reload(&problems->items[i].cure);
	return result;
}

int problems_move(struct problems *problems, struct problems *from)
{
	int result = 0;

	for (size_t i = 0; i < from->count; i++) {
		if (append(problems, &from->items[i]) < 0)
			result = -ENOMEM;
	}
	problems->left_out += from->left_out;
	from->count = 0;
	problems_clear(from);
	return result;
}

size_t problems_total(const struct problems *problems)
{
	return problems->count + problems->left_out;
}

bool problems_have(const struct problems *problems, const struct problem *problem)
{
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].kind == problem->kind && strcmp(problems->items[i].about, problem->about) == 0)
			return true;
	}
	return false;
}

void problems_clear(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		problem_clear(&problems->items[i]);
	free(problems->items);
	*problems = (struct problems){0};
}
