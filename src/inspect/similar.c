/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/similar.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

enum {
	LENGTH_MAX = 64, /* bytes, for edit distances */
	CONTAINED_MIN = 3,
};

char *similar_fold(const char *text)
{
	size_t length = 0;
	uint8_t *folded = u8_casefold((const uint8_t *)text, strlen(text) + 1, NULL, UNINORM_NFC, NULL, &length);

	return (char *)folded;
}

static bool is_of_word(char character)
{
	return !isascii(character) || isalnum(character);
}

bool similar_has_word(const char *text, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = strstr(text, word); length > 0 && at != NULL; at = strstr(at + 1, word)) {
		if ((at == text || !is_of_word(at[-1])) && !is_of_word(at[length]))
			return true;
	}
	return false;
}

static size_t smaller(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* The optimal string alignment distance, keeping three rows of the matrix. */
static size_t count_changes(const char *text, size_t length, const char *word, size_t word_length)
{
	size_t rows[3][LENGTH_MAX + 1];

	for (size_t j = 0; j <= word_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= length; i++) {
		size_t *row = rows[i % 3];
		const size_t *last = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= word_length; j++) {
			row[j] = smaller(last[j - 1] + (text[i - 1] != word[j - 1]), smaller(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && text[i - 1] == word[j - 2] && text[i - 2] == word[j - 1])
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
	}
	return rows[length % 3][word_length];
}

static size_t distance_between(const char *text, size_t length, const char *word, size_t word_length)
{
	size_t distance = length <= LENGTH_MAX ? count_changes(text, length, word, word_length) : word_length;

	return 3 * distance <= word_length ? distance : SIMILAR_NOT;
}

static size_t distance_of_parts(const char *text, const char *word, size_t word_length)
{
	size_t nearest = SIMILAR_NOT;

	while (*text != '\0') {
		size_t length = 0;

		while (is_of_word(text[length]) && text[length] != '\0')
			length++;
		nearest = smaller(nearest, distance_between(text, length, word, word_length));
		text += length + (text[length] != '\0');
	}
	return nearest;
}

size_t similar_distance(const char *text, const char *word)
{
	const size_t length = strlen(text);
	const size_t word_length = strlen(word);

	if (word_length > LENGTH_MAX)
		return SIMILAR_NOT;
	if (smaller(length, word_length) >= CONTAINED_MIN && (strstr(text, word) != NULL || strstr(word, text) != NULL))
		return 0;
	return smaller(distance_between(text, length, word, word_length), distance_of_parts(text, word, word_length));
}
