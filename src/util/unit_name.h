/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_UNIT_NAME_H
#define CGTPROXY_UTIL_UNIT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Names of systemd's units, and how systemd writes what can't stand in one (systemd-escape(1)). */

enum {
	UNIT_NAME_SIZE = 256, /* systemd's UNIT_NAME_MAX */
	UNIT_NAME_ESCAPED_SIZE = 4 * UNIT_NAME_SIZE,
};

/**
 * Escapes a text so that it can be a part of a unit's name: all bytes but ASCII letters, digits, ":", "_" and ".", and
 * a
 * "." at its beginning, become \xHH.
 *
 * @out:  UNIT_NAME_ESCAPED_SIZE bytes
 * @text: shorter than UNIT_NAME_SIZE
 */
void unit_name_escape(char *out, const char *text);

/**
 * Takes that back.
 *
 * @out:  UNIT_NAME_SIZE bytes
 * @text: @length bytes
 *
 * Returns false for what unit_name_escape() makes of nothing.
 */
bool unit_name_unescape(char *out, const char *text, size_t length);

#endif
