/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "desktop/exec.h"

#include <stdbool.h>
#include <string.h>

#define SPACES " \t"
#define STEAM_GAME "steam://rungameid/"

/* A word of the line; quotes go around whole words (desktop entry specification, "The Exec key"). */
struct word {
	const char *text;
	size_t length;
};

static bool next_word(const char **rest, struct word *word)
{
	const char *begin = *rest + strspn(*rest, SPACES);
	bool is_quoted = *begin == '"';

	word->text = begin + is_quoted;
	word->length = strcspn(word->text, is_quoted ? "\"" : SPACES);
	*rest = word->text + word->length;
	*rest += is_quoted && **rest == '"';
	return word->length > 0;
}

static void drop_directory(struct word *word)
{
	const char *slash = memrchr(word->text, '/', word->length);

	if (slash == NULL)
		return;
	word->length -= (size_t)(slash + 1 - word->text);
	word->text = slash + 1;
}

static bool is_env(const struct word *word)
{
	return word->length == 3 && memcmp(word->text, "env", 3) == 0;
}

static bool is_for_env(const struct word *word)
{
	return *word->text == '-' || memchr(word->text, '=', word->length) != NULL;
}

char *exec_program(const char *exec)
{
	struct word word;

	if (!next_word(&exec, &word))
		return NULL;
	drop_directory(&word);
	if (is_env(&word)) {
		do {
			if (!next_word(&exec, &word))
				return NULL;
		} while (is_for_env(&word));
		drop_directory(&word);
	}
	return word.length > 0 ? strndup(word.text, word.length) : NULL;
}

char *exec_steam_game(const char *exec)
{
	const char *found = strstr(exec, STEAM_GAME);
	size_t length = found != NULL ? strspn(found + strlen(STEAM_GAME), "0123456789") : 0;

	return length > 0 ? strndup(found + strlen(STEAM_GAME), length) : NULL;
}
