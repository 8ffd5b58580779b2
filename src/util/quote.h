/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_QUOTE_H
#define CGTPROXY_UTIL_QUOTE_H

/**
 * Makes a text a single word of a POSIX shell, for commands that people copy: escaped like escape_but_backslash(), and
 * quoted unless shells take it as it is.
 *
 * Returns the word, to be freed with free(), or NULL if out of memory.
 */
char *quote_for_shell(const char *text);

#endif
