/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/ask.h"

#include "util/cleanup.h"
#include "util/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool ask_can(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

/* Returns the answer without blanks around it, to be freed with free(), or NULL at the end of the input. */
static char *read_answer(const char *question, const char *fallback)
{
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;
	const char *begin = NULL;
	size_t length = 0;

	printf(_("%s [%s]: "), question, fallback);
	fflush(stdout);
	if (getline(&line, &size, stdin) < 0) {
		putchar('\n');
		return NULL;
	}
	begin = line + strspn(line, " \t");
	length = strlen(begin);
	while (length > 0 && strchr(" \t\r\n", begin[length - 1]) != NULL)
		length--;
	return length > 0 ? strndup(begin, length) : strdup(fallback);
}

bool ask_word(const char *question, char *answer, size_t size, const char *(*fault)(const char *word))
{
	for (;;) {
		CLEANUP(freep) char *word = read_answer(question, answer);
		const char *reason = word != NULL ? fault(word) : NULL;

		if (word == NULL)
			return false;
		if (reason == NULL && strlen(word) < size) {
			memcpy(answer, word, strlen(word) + 1);
			return true;
		}
		puts(reason != NULL ? reason : _("This is too long."));
	}
}

size_t ask_number(const char *question, size_t most)
{
	for (;;) {
		CLEANUP(freep) char *word = read_answer(question, "1");
		char *end = NULL;
		unsigned long number = word != NULL ? strtoul(word, &end, 10) : 0;

		if (word == NULL)
			return 0;
		if (*end == '\0' && strspn(word, "0123456789") > 0 && number > 0 && number <= most)
			return number;
		printf(_("Please answer with a number from 1 to %zu.\n"), most);
	}
}

bool ask_yes_or_no(const char *question, bool *yes)
{
	for (;;) {
		CLEANUP(freep) char *word = read_answer(question, "Y/n");

		if (word == NULL)
			return false;
		*yes = strcmp(word, "Y/n") == 0 || strcasecmp(word, "y") == 0 || strcasecmp(word, "yes") == 0;
		if (*yes || strcasecmp(word, "n") == 0 || strcasecmp(word, "no") == 0)
			return true;
		puts(_("Please answer y or n."));
	}
}
