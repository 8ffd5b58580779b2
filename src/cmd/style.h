/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_STYLE_H
#define CGTPROXY_CMD_STYLE_H

#include <stdbool.h>
#include <stddef.h>

/* What the reader of an output can see: colours on a terminal, lines and circles where the locale has them. */

struct style {
	bool has_colours;
	bool has_unicode;
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
struct style style_of_output(void);

/** Returns what begins a colour, or "" where there are none. */
const char *style_begin(const struct style *style, enum colour colour);

/** Returns what ends it. */
const char *style_end(const struct style *style, enum colour colour);

/**
 * Makes bytes from users fit to be shown, as escape_but_backslash() does, and in ASCII where the locale has no more.
 *
 * Returns the text, for free(), or NULL without memory.
 */
char *style_escape(const struct style *style, const char *text, size_t length);

#endif
