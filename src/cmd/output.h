/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_OUTPUT_H
#define CGTPROXY_CMD_OUTPUT_H

#include "cmd/cmd.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the commands print on stdout. */

/**
 * Makes sure that none of the standard streams is closed, before the first file is opened: a file or a socket would get
 * its number, and the output would go there. What is written to a stream that was closed fails.
 */
void output_open(void);

/** Writes what is buffered. Returns whether all could be written so far; output_close() says why it could not. */
bool output_flush(void);

/**
 * Ends the output of a command: what could not be written is an error, like a full disk, unless whoever read it has
 * closed the pipe, as head(1) does. Nothing can be printed on stdout any more.
 *
 * @code: the exit code so far
 *
 * Returns the program's exit code.
 */
int output_close(int code);

/** Returns whether stdout is to be coloured (util/colour.h); the first answer holds, a pager started later or not. */
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

/**
 * Writes JSON and a newline. Whether it could be written is for output_close() to see.
 *
 * @json:   may be NULL for a lack of memory
 * @format: JSON_FORMAT_PRETTY or JSON_FORMAT_SHORT, which is one line
 *
 * Returns 0 or -ENOMEM.
 */
int output_write_json(const json_t *json, enum json_format format, FILE *out);

#endif
