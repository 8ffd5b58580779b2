/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_COLUMNS_H
#define CGTPROXY_CMD_COLUMNS_H

#include "cmd/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Tables in text, aligned by the width that a terminal gives to each character. */

enum { COLUMNS_MAX = 8 };

struct column {
	const char *heading;
	bool is_number;	 /* aligned at the right */
	bool may_shrink; /* on a narrow terminal; one of the columns */
};

struct cell {
	char *text; /* fit to be shown; owned by the table; NULL: empty */
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
 * @width:        of the terminal, or 0 for any. The column that may shrink is cut, and ends with an ellipsis, until the
 *                rows fit
 * @has_headings: whether the headings come first
 */
void columns_print(const struct columns *columns, const struct style *style, size_t width, bool has_headings,
		   FILE *out);

void columns_clear(struct columns *columns);

/** Returns how many columns of a terminal a text takes. */
size_t text_width(const char *text);

#endif
