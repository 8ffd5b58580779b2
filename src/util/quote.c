/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/quote.h"

#include "util/cleanup.h"
#include "util/escape.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What no shell interprets. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.@:/+"

char *quote_for_shell(const char *text)
{
	const size_t size = ESCAPED_SIZE(strlen(text));
	CLEANUP(freep) char *shown = malloc(size);
	char *word = malloc(4 * size + sizeof("''"));
	char *end = word;
	bool is_plain = false;

	if (shown == NULL || word == NULL) {
		free(word);
		return NULL;
	}
	escape_but_backslash(shown, size, text, strlen(text));
	is_plain = *shown != '\0' && shown[strspn(shown, PLAIN)] == '\0';
	if (!is_plain)
		*end++ = '\'';
	for (const char *next = shown; *next != '\0'; next++) {
		/* the quotes end, an escaped quote follows, and they begin again */
		if (*next == '\'')
			end = stpcpy(end, "'\\'");
		*end++ = *next;
	}
	stpcpy(end, is_plain ? "" : "'");
	return word;
}
