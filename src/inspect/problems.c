/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/problems.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *problem_kind_name(enum problem_kind kind)
{
	static const char *const names[] = {
		[PROBLEM_MARK] = "mark",       [PROBLEM_NOTRACK] = "notrack",	[PROBLEM_INPUT_POLICY] = "input-policy",
		[PROBLEM_ANSWERS] = "answers", [PROBLEM_NO_ROUTE] = "no-route",
	};

	return names[kind];
}

static void problem_clear(struct problem *problem)
{
	free(problem->about);
	free(problem->text);
	free(problem->cure);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is freed with the problem */
int problems_add(struct problems *problems, enum problem_kind kind, const char *about, char *cure, const char *format,
		 ...)
{
	struct problem problem = {.kind = kind, .about = strdup(about), .cure = cure};
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&problem.text, format, arguments) < 0)
		problem.text = NULL;
	va_end(arguments);
	if (problems->items == NULL)
		problems->items = calloc(PROBLEMS_MAX, sizeof(*problems->items));
	if (problem.about == NULL || problem.text == NULL || problems->items == NULL) {
		problem_clear(&problem);
		return -ENOMEM;
	}
	if (problems->count == PROBLEMS_MAX) {
		problem_clear(&problem);
		problems->left_out++;
		return 0;
	}
	problems->items[problems->count++] = problem;
	return 0;
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
