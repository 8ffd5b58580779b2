/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_SIMILAR_H
#define CGTPROXY_INSPECT_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>

/* Comparing words of people with names. */

/** Returns a text in which large and small letters are the same, for free(); NULL without memory or for no UTF-8. */
char *similar_fold(const char *text);

/**
 * Returns whether a word is a part of a text and stands by itself there: with neither letters nor digits at its ends.
 * Both by similar_fold().
 */
bool similar_has_word(const char *text, const char *word);

/** What similar_distance() returns for what is not near. */
#define SIMILAR_NOT SIZE_MAX

/**
 * Returns how far a text, or a part of it between spaces, dots and the like, is from a word that a person may have
 * meant it by: how many bytes are to be put in, taken out, changed or swapped with the next, at most a third of the
 * word's; or 0 when the one contains the other. Both by similar_fold().
 */
size_t similar_distance(const char *text, const char *word);

#endif
