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

/** Prints a text of users', fit to be shown; backslashes stay as they are, as systemd shows names. */
void output_print_escaped(const char *text, size_t length);

/**
 * Makes a JSON string of a path or another text of users'. They are any bytes, and JSON is Unicode: what is not valid
 * is escaped as a whole.
 *
 * Returns it, or NULL without memory.
 */
json_t *output_json(const char *text, size_t length);

#endif
