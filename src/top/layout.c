/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/layout.h"

#include "cmd/columns.h"
#include "util/cleanup.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unilbrk.h>

enum {
	MARKER = 2,    /* of the chosen row, on the left */
	GAP = 2,       /* between columns */
	NAME_MIN = 10, /* a name that is cut further tells little */
};

/* The most important first. */
static const enum top_column importance[] = {TOP_TARGET, TOP_DOWN, TOP_UP, TOP_USER, TOP_SOCKETS, TOP_RULE};

enum { OTHERS = sizeof(importance) / sizeof(importance[0]) };

static size_t smaller(size_t one, size_t other)
{
	return one < other ? one : other;
}

void layout_columns(size_t width, const size_t wanted[TOP_COLUMNS], struct top_place places[TOP_COLUMNS])
{
	const size_t room = width > MARKER ? width - MARKER : 0;
	size_t used = smaller(wanted[TOP_NAME], NAME_MIN);
	size_t left = MARKER;

	memset(places, 0, TOP_COLUMNS * sizeof(*places));
	for (size_t i = 0; i < OTHERS; i++) {
		const size_t needed = wanted[importance[i]];

		if (needed == 0)
			continue;
		if (used + GAP + needed > room)
			break;
		places[importance[i]].width = needed;
		used += GAP + needed;
	}
	places[TOP_NAME].width = smaller(smaller(wanted[TOP_NAME], NAME_MIN) + (room > used ? room - used : 0), room);
	for (size_t i = 0; i < TOP_COLUMNS; i++) {
		places[i].left = left;
		left += places[i].width > 0 ? places[i].width + GAP : 0;
	}
}

struct top_lines layout_lines(size_t height, size_t notice, size_t bottom)
{
	struct top_lines lines = {.bottom = smaller(bottom, height / 2)};
	size_t rest = height - lines.bottom;

	lines.notice = smaller(notice, rest / 3);
	rest -= lines.notice;
	if (rest > 2) {
		lines.headings = 1;
		rest--;
	}
	if (rest > 2) {
		lines.title = 1;
		rest--;
	}
	lines.list = rest;
	return lines;
}

/* Where Unicode lets a line break, by bytes. For free(); NULL without memory. */
static char *find_breaks(const char *text)
{
	const size_t length = strlen(text);
	char *breaks = malloc(length + 1);

	if (breaks != NULL)
		u8_possible_linebreaks((const uint8_t *)text, length, "UTF-8", breaks);
	return breaks;
}

/* Commands and paths break at spaces only; what is written without spaces, as Chinese, elsewhere too. */
static bool may_break(const char *text, const char *breaks, size_t at)
{
	if (text[at] == ' ')
		return true;
	return breaks != NULL && breaks[at] == UC_BREAK_POSSIBLE && text[at - 1] != ' ' &&
	       !(isascii(text[at - 1]) && isascii(text[at]));
}

size_t layout_wrap(const char *text, size_t width)
{
	size_t used = 0;
	const size_t length = text_fitting(text, width, &used);
	CLEANUP(freep) char *breaks = NULL;
	size_t end = length;

	if (text[length] == '\0' || text[length] == ' ')
		return length;
	breaks = find_breaks(text);
	while (end > 0 && !may_break(text, breaks, end))
		end--;
	return end > 0 ? end : length;
}
