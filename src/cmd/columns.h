/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_COLUMNS_H
#define CGTPROXY_CMD_COLUMNS_H

#include "cmd/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Text tables, aligned by the display width of characters. */

enum { COLUMNS_MAX = 8 };

struct column {
	const char *heading; /* English, marked with N_() */
	bool is_number;	     /* right-aligned */
	bool may_shrink;     /* on a narrow terminal; at most one column */
};

struct cell {
	char *text; /* escaped; freed by columns_clear(); NULL if empty */
	enum colour colour;
};

struct columns {
	const struct column *columns;
	size_t count;	    /* of columns */
	struct cell *cells; /* row by row */
	size_t rows;
	size_t capacity; /* of rows */
};

/**
 * Adds a row of empty cells.
 *
 * Returns its first cell, valid until the next row is added, or NULL if out of memory.
 */
struct cell *columns_add(struct columns *columns);

/**
 * Prints the table.
 *
 * @width:        of the terminal, or 0 for no limit. Text in the column that may shrink is cut and ends with an
 *                ellipsis, so that rows fit
 * @has_headings: whether to print the headings
 */
void columns_print(const struct columns *columns, const struct style *style, size_t width, bool has_headings,
		   FILE *out);

void columns_clear(struct columns *columns);

/** Returns a text's display width. */
size_t text_width(const char *text);

/** Prints the spaces that a text lacks to a display width, before it or after it. */
void text_pad(const char *text, size_t width, FILE *out);

/**
 * Returns how many bytes of a text fit into a width: no character is divided, nor separated from its marks.
 *
 * @text: valid UTF-8
 * @used: set to the width of these
 */
size_t text_fitting(const char *text, size_t width, size_t *used);

#endif
