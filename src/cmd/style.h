/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_STYLE_H
#define CGTPROXY_CMD_STYLE_H

#include "cmd/cmd.h"

#include <stdbool.h>
#include <stddef.h>

/* The style of an output: colours on a terminal, lines and circles if the locale has them. */

struct style {
	bool has_colours;
	bool has_unicode;
	bool has_legend; /* headings of tables */
};

enum colour {
	COLOUR_NONE,
	COLOUR_GOOD,
	COLOUR_WARNING,
	COLOUR_BAD,
	COLOUR_PROXY,
	COLOUR_FAINT,
	COLOUR_HEADING,
};

/** Returns the style for stdout. */
struct style style_of_output(const struct arguments *arguments);

/** Returns the sequence that begins a colour, or "" without colours. */
const char *style_begin(const struct style *style, enum colour colour);

/** Returns the sequence that ends a colour. */
const char *style_end(const struct style *style, enum colour colour);

/**
 * Escapes bytes from users for display, as escape_but_backslash() does, and to ASCII if the locale has no Unicode.
 *
 * Returns the text, to be freed with free(), or NULL if out of memory.
 */
char *style_escape(const struct style *style, const char *text, size_t length);

#endif
