/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_UNIT_NAME_H
#define CGTPROXY_UTIL_UNIT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Unit names of systemd, and its escaping of what is not allowed in them (systemd-escape(1)). */

enum {
	UNIT_NAME_SIZE = 256, /* systemd's UNIT_NAME_MAX */
	UNIT_NAME_ESCAPED_SIZE = 4 * UNIT_NAME_SIZE,
};

/**
 * Escapes a text for use in a unit's name: all bytes except ASCII letters, digits, ":", "_" and ".", and a leading
 * ".", become \xHH.
 *
 * @out:  UNIT_NAME_ESCAPED_SIZE bytes
 * @text: shorter than UNIT_NAME_SIZE
 */
void unit_name_escape(char *out, const char *text);

/**
 * Reverses unit_name_escape().
 *
 * @out:  UNIT_NAME_SIZE bytes
 * @text: @length bytes
 *
 * Returns false for text that unit_name_escape() would not produce.
 */
bool unit_name_unescape(char *out, const char *text, size_t length);

#endif
