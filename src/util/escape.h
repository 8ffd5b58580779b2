/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ESCAPE_H
#define CGTPROXY_UTIL_ESCAPE_H

#include <stddef.h>

/** The most bytes that escape() writes for a text of @size bytes, the terminating NUL included. */
#define ESCAPED_SIZE(size) (4 * (size) + 1)

/**
 * Makes bytes from users fit to be shown on a terminal or in a log: letters, marks, numbers, punctuation, symbols and
 * the plain space stay as they are; every byte of anything else (control and format characters, line and paragraph
 * separators, private use, invalid UTF-8) and of the backslash becomes \xHH, as systemd writes it.
 *
 * @out:  at least one byte; the result is cut at a whole character when it does not fit, and always ends with NUL
 * @size: of @out, in bytes
 * @text: @length bytes, NUL bytes allowed
 *
 * Returns @out.
 */
const char *escape(char *out, size_t size, const char *text, size_t length);

/**
 * The same, but backslashes stay as they are: for people who compare what they see with what they wrote or with what
 * systemd shows, where regular expressions and names of units are full of them. It can't be read back.
 */
const char *escape_but_backslash(char *out, size_t size, const char *text, size_t length);

#endif
