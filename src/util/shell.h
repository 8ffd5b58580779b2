/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_SHELL_H
#define CGTPROXY_UTIL_SHELL_H

/**
 * Quotes a word for a POSIX shell, for commands that people copy. A word that needs no quotes stays as it is.
 *
 * @word: any text; what is not fit to be shown stays in it
 *
 * Returns the text, to be freed with free(), or NULL if out of memory.
 */
char *shell_quote(const char *word);

#endif
