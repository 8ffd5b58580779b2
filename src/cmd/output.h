/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_OUTPUT_H
#define CGTPROXY_CMD_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What the commands print on stdout. */

/** Returns whether stdout is a terminal whose user wants colours (no-color.org). */
bool output_has_colours(void);

/** Prints a text from users, escaped except for backslashes, as systemd shows names. */
void output_print_escaped(const char *text, size_t length);

/**
 * Makes a JSON string of a path or another text from users. These may be any bytes, and JSON is Unicode: a text that is
 * not valid UTF-8 is escaped as a whole.
 *
 * Returns it, or NULL if out of memory.
 */
json_t *output_json(const char *text, size_t length);

#endif
