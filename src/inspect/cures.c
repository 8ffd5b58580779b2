/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/cures.h"

#include "inspect/problems.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *shown_copy(const char *text)
{
	const size_t length = strlen(text);
	char *shown = malloc(ESCAPED_SIZE(length));

	if (shown != NULL)
		escape_but_backslash(shown, ESCAPED_SIZE(length), text, length);
	return shown;
}

char *place_in_file(const struct config *config, int line)
{
	CLEANUP(freep) char *file = config->file != NULL ? shown_copy(config->file) : strdup("the config");
	char *place = NULL;

	if (file == NULL || line == 0)
		return file != NULL ? strdup(file) : NULL;
	return asprintf(&place, "line %d of %s", line, file) < 0 ? NULL : place;
}

char *place_of_rule(const struct config *config, int32_t rule)
{
	const struct config_rule *at = &config->rules[rule];
	char place[RULE_PLACE_SIZE];

	return at->dropin == NULL ? place_in_file(config, at->position.line) : strdup(config_rule_place(at, place));
}

char *cure_by_moving(const struct config *config, int32_t rule, int32_t before)
{
	CLEANUP(freep) char *from = place_of_rule(config, rule);
	CLEANUP(freep) char *to = place_of_rule(config, before);

	if (from == NULL || to == NULL)
		return NULL;
	/* the file's name once where both are in it */
	if (config->rules[rule].dropin == config->rules[before].dropin)
		return problem_cure("move the rule of line %d above %s, then: systemctl reload cgtproxy",
				    config->rules[rule].position.line, to);
	return problem_cure("move the rule of %s above %s, then: systemctl reload cgtproxy", from, to);
}
