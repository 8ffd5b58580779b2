/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_ASK_H
#define CGTPROXY_CMD_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* Questions on the terminal. Enter alone takes the default, which is shown in brackets; other answers than the possible
 * ones are refused with a reason, and the question is asked again. */

/** Returns whether there is someone to ask: whether stdin and stdout are a terminal. */
bool ask_can(void);

/**
 * Asks for a word.
 *
 * @answer: holds the default; set to the answer
 * @size:   of @answer in bytes
 * @fault:  returns why a word is no answer, as a sentence, or NULL if it is one
 *
 * Returns false at the end of the input.
 */
bool ask_word(const char *question, char *answer, size_t size, const char *(*fault)(const char *word));

/** Asks for a number from 1 to @most; the default is 1. Returns it, or 0 at the end of the input. */
size_t ask_number(const char *question, size_t most);

/** Asks yes or no; the default is yes. Returns false at the end of the input. */
bool ask_yes_or_no(const char *question, bool *yes);

#endif
