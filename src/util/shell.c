/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/shell.h"

#include <stdlib.h>
#include <string.h>

/* Those that mean themselves to every shell wherever they stand. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+:,./_-"

/* Within single quotes only the quote itself is special: it ends them, follows escaped, and begins others. */
#define QUOTED_QUOTE "'\\''"

char *shell_quote(const char *word)
{
	char *text = NULL;
	char *end = NULL;

	if (*word != '\0' && word[strspn(word, PLAIN)] == '\0')
		return strdup(word);
	text = malloc(strlen(QUOTED_QUOTE) * strlen(word) + sizeof("''"));
	if (text == NULL)
		return NULL;
	end = stpcpy(text, "'");
	for (const char *next = word; *next != '\0'; next++) {
		const char byte[] = {*next, '\0'};

		end = stpcpy(end, *next == '\'' ? QUOTED_QUOTE : byte);
	}
	stpcpy(end, "'");
	return text;
}
