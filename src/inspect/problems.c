/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/problems.h"
#include "util/language.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By kind: its name for programs, and a summary with %s for what it is about. */
static const struct {
	const char *name;
	const char *summary;
} kinds[] = {
	[PROBLEM_NOT_RUNNING] = {"not-running", N_("no daemon runs, but there is %s")},
	[PROBLEM_TABLE] = {"table", N_("parts of %s are missing")},
	[PROBLEM_FILE_ERRORS] = {"config-errors", N_("%s can't be loaded")},
	[PROBLEM_FILE_CHANGED] = {"config-changed", N_("%s is not what is in force")},
	[PROBLEM_FILE_OTHER] = {"config-other", N_("%s is not the daemon's config")},
	[PROBLEM_LOOPBACK] = {"loopback-down", N_("%s is down")},
	[PROBLEM_IPV6_LOOPBACK] = {"loopback-ipv6", N_("%s is off")},
	[PROBLEM_POLICY_RULES] = {"policy-rules", N_("%s are missing")},
	[PROBLEM_ROUTES] = {"routes", N_("%s is missing")},
	[PROBLEM_BLOCKING_RULE] = {"blocking-rule", N_("%s comes first")},
	[PROBLEM_FOREIGN_ROUTE] = {"foreign-route", N_("%s is in cgtproxy's routing table")},
	[PROBLEM_NO_ROUTE] = {"no-route", N_("%s is missing or blocked")},
	[PROBLEM_PROXY_ABSENT] = {"proxy-absent", N_("nobody listens for %s")},
	[PROBLEM_PROXY_TRANSPARENT] = {"proxy-not-transparent", N_("the port of %s is not for TPROXY")},
	[PROBLEM_PROXY_ADDRESS] = {"proxy-address", N_("%s listens on the wrong address")},
	[PROBLEM_PROXY_PROTOCOL] = {"proxy-protocol", N_("%s takes only one protocol")},
	[PROBLEM_PROXY_FAMILY] = {"proxy-family", N_("%s takes only one address family")},
	[PROBLEM_PROXY_LOOP] = {"proxy-loop", N_("%s is sent its own traffic")},
	[PROBLEM_RULE_DEAD] = {"rule-dead", N_("%s can never match")},
	[PROBLEM_RULE_TAKEN] = {"rule-taken", N_("earlier rules take all of %s")},
	[PROBLEM_RULE_CONTAINERS] = {"rule-containers", N_("%s is not for containers")},
	[PROBLEM_MARK] = {"mark", N_("%s sets other marks")},
	[PROBLEM_NOTRACK] = {"notrack", N_("%s turns connection tracking off")},
	[PROBLEM_INPUT_POLICY] = {"input-policy", N_("%s drops proxied traffic")},
	[PROBLEM_ANSWERS] = {"answers", N_("%s drops proxies' answers")},
	[PROBLEM_BRIDGES] = {"bridges", N_("%s is on")},
	[PROBLEM_GATEWAY_BRIDGE] = {"gateway-bridge", N_("br_netfilter breaks the gateway on %s")},
	[PROBLEM_GATEWAY_INPUT] = {"gateway-input", N_("%s drops what the gateway steers")},
	[PROBLEM_FORWARDING] = {"forwarding", N_("%s is off")},
	[PROBLEM_NAME_SERVER] = {"name-server", N_("%s can't be reached from other hosts")},
	[PROBLEM_CONTAINER_TARGETS] = {"container-targets", N_("%s shares its network with other targets")},
	[PROBLEM_FENCE] = {"fence", N_("%s were about to bypass the proxy")},
	[PROBLEM_WATCHES] = {"watches", N_("%s are used up")},
};

const char *problem_kind_name(enum problem_kind kind)
{
	return kinds[kind].name;
}

const char *problem_summary(const struct problem *problem, char text[PROBLEM_SUMMARY_SIZE])
{
	static const char place[] = "%s";
	const char *summary = _(kinds[problem->kind].summary);
	const char *about = strstr(summary, place);

	snprintf(text, PROBLEM_SUMMARY_SIZE, "%.*s%s%s", (int)(about - summary), summary, problem->about,
		 about + strlen(place));
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

char *problem_command(const char *format, ...)
{
	char *command = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&command, format, arguments) < 0)
		command = NULL;
	va_end(arguments);
	return command;
}

static int replace_reload(char **cure)
{
	static const char reload[] = "systemctl reload cgtproxy";
	static const char start[] = "systemctl start cgtproxy";
	const char *at = *cure != NULL ? strstr(*cure, reload) : NULL;
	char *changed = NULL;

	if (at == NULL)
		return 0;
	changed = problem_command("%.*s%s%s", (int)(at - *cure), *cure, start, at + strlen(reload));
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
