/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_SIMILAR_H
#define CGTPROXY_INSPECT_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>

/* Compares what users type with names. */

/** Returns a text with its case folded, freed by the caller; NULL if it is not UTF-8 or if out of memory. */
char *similar_fold(const char *text);

/**
 * Returns whether a text contains a word with no letter or digit next to it. Both are from similar_fold().
 */
bool similar_has_word(const char *text, const char *word);

/** Returned by similar_distance() for texts that are not similar. */
#define SIMILAR_NOT SIZE_MAX

/**
 * Returns the edit distance, in bytes, between a word and a text or the nearest of its parts, if that is at most a
 * third of the word's length; or 0 if one contains the other. Both are from similar_fold().
 */
size_t similar_distance(const char *text, const char *word);

#endif
