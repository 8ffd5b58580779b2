/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/columns.h"

#include "util/array.h"
#include "util/language.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

enum {
	GAP = 2,	/* between columns */
	SHRUNK_MIN = 8, /* shorter names would be useless */
};

size_t text_width(const char *text)
{
	int width = u8_strwidth((const uint8_t *)text, "UTF-8");

	return width > 0 ? (size_t)width : 0;
}

struct cell *columns_add(struct columns *columns)
{
	struct cell *cells =
		array_reserve(columns->cells, &columns->capacity, columns->rows + 1, columns->count * sizeof(*cells));

	if (cells == NULL)
		return NULL;
	columns->cells = cells;
	cells += columns->rows++ * columns->count;
	memset(cells, 0, columns->count * sizeof(*cells));
	return cells;
}

static size_t larger(size_t one, size_t other)
{
	return one > other ? one : other;
}

/* Computes the columns' widths, and shrinks one if the sum is too large. */
static void measure(const struct columns *columns, size_t width, bool has_headings, size_t *widths)
{
	size_t sum = 0;

	for (size_t i = 0; i < columns->count; i++) {
		widths[i] = has_headings ? text_width(_(columns->columns[i].heading)) : 0;
		for (size_t row = 0; row < columns->rows; row++) {
			const char *text = columns->cells[row * columns->count + i].text;

			widths[i] = larger(widths[i], text != NULL ? text_width(text) : 0);
		}
		sum += widths[i] + (i > 0 ? GAP : 0);
	}
	for (size_t i = 0; i < columns->count && width > 0 && sum > width; i++) {
		const size_t excess = sum - width;

		if (columns->columns[i].may_shrink && widths[i] > SHRUNK_MIN)
			widths[i] = larger(SHRUNK_MIN, widths[i] > excess ? widths[i] - excess : 0);
	}
}

size_t text_fitting(const char *text, size_t width, size_t *used)
{
	size_t length = 0;

	*used = 0;
	while (text[length] != '\0') {
		char character[8] = "";
		size_t size = 1;

		while ((text[length + size] & 0xc0) == 0x80)
			size++;
		memcpy(character, text + length, size < sizeof(character) ? size : sizeof(character) - 1);
		if (*used + text_width(character) > width)
			break;
		*used += text_width(character);
		length += size;
	}
	return length;
}

static void pad(size_t width, FILE *out)
{
	for (size_t i = 0; i < width; i++)
		fputc(' ', out);
}

void text_pad(const char *text, size_t width, FILE *out)
{
	const size_t used = text_width(text);

	pad(used < width ? width - used : 0, out);
}

/* Prints a text cut to a width; returns the width printed. */
static size_t print_cut(const char *text, size_t width, const struct style *style, FILE *out)
{
	const char *ellipsis = style->has_unicode ? "\u2026" : "...";
	size_t used = text_width(text);

	if (used <= width) {
		fputs(text, out);
		return used;
	}
	fwrite(text, 1, text_fitting(text, width - text_width(ellipsis), &used), out);
	fputs(ellipsis, out);
	return used + text_width(ellipsis);
}

static void print_text(const char *text, enum colour colour, const struct column *column, size_t width, bool is_last,
		       const struct style *style, FILE *out)
{
	size_t used = 0;

	if (column->is_number)
		text_pad(text, width, out);
	fputs(style_begin(style, colour), out);
	used = print_cut(text, width, style, out);
	fputs(style_end(style, colour), out);
	if (!column->is_number && !is_last && used < width)
		pad(width - used, out);
	if (!is_last)
		pad(GAP, out);
}

static void print_row(const struct columns *columns, const struct cell *cells, const size_t *widths,
		      const struct style *style, FILE *out)
{
	size_t last = columns->count;

	/* no trailing spaces */
	while (last > 1 && cells[last - 1].text == NULL)
		last--;
	for (size_t i = 0; i < last; i++)
		print_text(cells[i].text != NULL ? cells[i].text : "", cells[i].colour, &columns->columns[i], widths[i],
			   i + 1 == last, style, out);
	fputc('\n', out);
}

static void print_headings(const struct columns *columns, const size_t *widths, const struct style *style, FILE *out)
{
	for (size_t i = 0; i < columns->count; i++)
		print_text(_(columns->columns[i].heading), COLOUR_HEADING, &columns->columns[i], widths[i],
			   i + 1 == columns->count, style, out);
	fputc('\n', out);
}

void columns_print(const struct columns *columns, const struct style *style, size_t width, bool has_headings, FILE *out)
{
	size_t widths[COLUMNS_MAX];

	measure(columns, width, has_headings, widths);
	if (has_headings)
		print_headings(columns, widths, style, out);
	for (size_t row = 0; row < columns->rows; row++)
		print_row(columns, columns->cells + row * columns->count, widths, style, out);
}

void columns_clear(struct columns *columns)
{
	for (size_t i = 0; i < columns->rows * columns->count; i++)
		free(columns->cells[i].text);
	free(columns->cells);
	columns->cells = NULL;
	columns->rows = columns->capacity = 0;
}
