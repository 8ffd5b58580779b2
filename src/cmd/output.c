/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/output.h"

#include "util/cleanup.h"
#include "util/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool output_has_colours(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || *no_colour == '\0');
}

void output_print_escaped(const char *text, size_t length)
{
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));

	if (shown != NULL)
		fputs(escape_but_backslash(shown, ESCAPED_SIZE(length), text, length), stdout);
}

json_t *output_json(const char *text, size_t length)
{
	json_t *json = json_stringn(text, length);
	CLEANUP(freep) char *shown = json == NULL ? malloc(ESCAPED_SIZE(length)) : NULL;

	if (shown != NULL)
		json = json_string(escape(shown, ESCAPED_SIZE(length), text, length));
	return json;
}
