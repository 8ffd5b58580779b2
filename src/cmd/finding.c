/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/finding.h"

#include "cmd/output.h"

#include <stdarg.h>
#include <stdio.h>

void finding_print(enum finding finding, const char *subject, const char *format, ...)
{
	static const struct {
		const char *word;
		const char *colour;
	} kinds[] = {
		[FINDING_OK] = {"ok", "\x1b[32m"},	    [FINDING_NOTICE] = {"notice", "\x1b[36m"},
		[FINDING_SKIPPED] = {"skipped", "\x1b[2m"}, [FINDING_WARNING] = {"warning", "\x1b[1;33m"},
		[FINDING_ERROR] = {"error", "\x1b[1;31m"},
	};
	bool colour = output_has_colours();
	va_list arguments;

	printf("%s%-8s%s%s: ", colour ? kinds[finding].colour : "", kinds[finding].word, colour ? "\x1b[0m" : "",
	       subject);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}
