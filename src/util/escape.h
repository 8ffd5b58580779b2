/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ESCAPE_H
#define CGTPROXY_UTIL_ESCAPE_H

#include <stddef.h>

/** Maximum number of bytes that escape() writes for a text of @size bytes, including the terminating NUL. */
#define ESCAPED_SIZE(size) (4 * (size) + 1)

/**
 * Makes bytes from users safe to show on a terminal or in a log: letters, marks, numbers, punctuation, symbols and the
 * plain space are kept; every byte of anything else (control and format characters, line and paragraph separators,
 * private use, invalid UTF-8) and of the backslash becomes \xHH, as in systemd.
 *
 * @out:  at least one byte; a result that does not fit is truncated at a character boundary, and always NUL-terminated
 * @size: of @out, in bytes
 * @text: @length bytes, NUL bytes allowed
 *
 * Returns @out.
 */
const char *escape(char *out, size_t size, const char *text, size_t length);

/**
 * The same, but keeps backslashes: for text that users compare with what they wrote or with what systemd shows, since
 * regular expressions and unit names are full of them. The result can't be unescaped.
 */
const char *escape_but_backslash(char *out, size_t size, const char *text, size_t length);

#endif
