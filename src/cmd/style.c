/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/style.h"

#include "cmd/output.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

/* By the locale that language_open() has set. */
static bool locale_has_unicode(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

struct style style_of_output(const struct arguments *arguments)
{
	return (struct style){.has_colours = output_has_colours(),
			      .has_unicode = locale_has_unicode(),
			      .has_legend = !arguments->no_legend};
}

const char *style_begin(const struct style *style, enum colour colour)
{
	static const char *const sequences[] = {
		[COLOUR_NONE] = "",	      [COLOUR_GOOD] = "\x1b[32m",  [COLOUR_WARNING] = "\x1b[1;33m",
		[COLOUR_BAD] = "\x1b[1;31m",  [COLOUR_PROXY] = "\x1b[36m", [COLOUR_FAINT] = "\x1b[2m",
		[COLOUR_HEADING] = "\x1b[1m",
	};

	return style->has_colours ? sequences[colour] : "";
}

const char *style_end(const struct style *style, enum colour colour)
{
	return style->has_colours && colour != COLOUR_NONE ? "\x1b[0m" : "";
}

char *style_escape(const struct style *style, const char *text, size_t length)
{
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));
	char *ascii = NULL;
	char *end = NULL;

	if (shown == NULL)
		return NULL;
	escape_but_backslash(shown, ESCAPED_SIZE(length), text, length);
	if (style->has_unicode)
		return strdup(shown);
	ascii = malloc(ESCAPED_SIZE(strlen(shown)));
	if (ascii == NULL)
		return NULL;
	end = ascii;
	for (const char *next = shown; *next != '\0'; next++) {
		if ((unsigned char)*next < 0x80)
			*end++ = *next;
		else
			end += sprintf(end, "\\x%02x", (unsigned char)*next);
	}
	*end = '\0';
	return ascii;
}
