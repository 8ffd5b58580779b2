/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/pane.h"

#include "cmd/columns.h"
#include "cmd/scroll.h"
#include "util/language.h"

#include <string.h>

#define ESCAPE '\x1b'
#define SCREEN_HOME "\x1b[H"
#define LINE_CLEAR "\x1b[K"
#define REST_CLEAR "\x1b[J"

static size_t count_lines(const char *text)
{
	size_t count = 0;

	while (*text != '\0') {
		const size_t length = strcspn(text, "\n");

		text += length + (text[length] == '\n');
		count++;
	}
	return count;
}

/* How many lines of text are shown: one less if they don't all fit, for the line that says so. */
static size_t height_of(const struct pane *pane, size_t count)
{
	return count > pane->rows && pane->rows > 1 ? pane->rows - 1 : pane->rows;
}

/* Returns the bytes of the character or the sequence that a text begins with, and sets its width. */
static size_t next_piece(const char *text, size_t length, size_t *width)
{
	char character[8] = "";
	size_t size = 1;

	*width = 0;
	if (*text == ESCAPE) {
		const char *end = memchr(text, 'm', length);

		return end != NULL ? (size_t)(end - text) + 1 : length;
	}
	while (size < length && ((unsigned char)text[size] & 0xc0) == 0x80)
		size++;
	memcpy(character, text, size < sizeof(character) ? size : sizeof(character) - 1);
	*width = text_width(character);
	return size;
}

/* Returns how many bytes of a line fit into a width. */
static size_t fitting(const char *line, size_t length, size_t width)
{
	size_t used = 0;
	size_t end = 0;

	while (end < length) {
		size_t piece_width = 0;
		const size_t size = next_piece(line + end, length - end, &piece_width);

		if (used + piece_width > width)
			break;
		used += piece_width;
		end += size;
	}
	return end;
}

static void draw_line(const char *line, size_t length, size_t columns, const struct style *style, FILE *out)
{
	const char *ellipsis = style->has_unicode ? "\u2026" : "...";
	const size_t mark = text_width(ellipsis);

	/* first, because behind a line of full width it would clear the last character: without wrapping, the cursor
	   stays there */
	fputs(LINE_CLEAR, out);
	if (fitting(line, length, columns) == length) {
		fwrite(line, 1, length, out);
	} else {
		fwrite(line, 1, fitting(line, length, columns > mark ? columns - mark : 0), out);
		fputs(ellipsis, out);
		if (style->has_colours)
			fputs("\x1b[0m", out);
	}
}

static void draw_position(const struct pane *pane, size_t height, size_t count, const struct style *style, FILE *out)
{
	char text[256];

	snprintf(text, sizeof(text), _("lines %zu-%zu of %zu; arrow keys scroll, q quits"), pane->first + 1,
		 pane->first + height, count);
	draw_line(text, strlen(text), pane->columns, style, out);
}

void pane_draw(struct pane *pane, const char *text, const struct style *style, FILE *out)
{
	const size_t count = count_lines(text);
	const size_t height = height_of(pane, count);
	const char *line = text;
	size_t drawn = 0;

	pane->first = scroll_fit(pane->first, pane->first, count, height);
	fputs(SCREEN_HOME, out);
	for (size_t i = 0; i < pane->first + height && *line != '\0'; i++) {
		const size_t length = strcspn(line, "\n");

		if (i > pane->first)
			fputs("\r\n", out);
		if (i >= pane->first) {
			draw_line(line, length, pane->columns, style, out);
			drawn++;
		}
		line += length + (line[length] == '\n');
	}
	if (height < count && height < pane->rows) {
		fputs("\r\n", out);
		draw_position(pane, height, count, style, out);
		drawn++;
	}
	if (drawn < pane->rows)
		fputs(drawn > 0 ? "\r\n" REST_CLEAR : REST_CLEAR, out);
}

/* What terminals send, in their normal and their application mode (xterm's control sequences; the Linux console). */
static const struct {
	const char *sequence;
	enum motion motion;
} sequences[] = {
	{"\x1b[A", MOTION_UP},	     {"\x1bOA", MOTION_UP},    {"k", MOTION_UP},
	{"\x1b[B", MOTION_DOWN},     {"\x1bOB", MOTION_DOWN},  {"j", MOTION_DOWN},
	{"\x1b[5~", MOTION_PAGE_UP}, {"b", MOTION_PAGE_UP},    {"\x1b[6~", MOTION_PAGE_DOWN},
	{" ", MOTION_PAGE_DOWN},     {"\x1b[H", MOTION_HOME},  {"\x1bOH", MOTION_HOME},
	{"\x1b[1~", MOTION_HOME},    {"\x1b[7~", MOTION_HOME}, {"g", MOTION_HOME},
	{"\x1b[F", MOTION_END},	     {"\x1bOF", MOTION_END},   {"\x1b[4~", MOTION_END},
	{"\x1b[8~", MOTION_END},     {"G", MOTION_END},
};

/* Returns the bytes of a key that means nothing here. */
static size_t skip_key(const char *keys, size_t length)
{
	size_t size = 2;

	if (length < 2 || keys[0] != ESCAPE || keys[1] != '[')
		return 1;
	/* parameters, and one final byte (ECMA-48, 5.4) */
	while (size < length && (keys[size] < 0x40 || keys[size] > 0x7e))
		size++;
	return size < length ? size + 1 : length;
}

static size_t read_motion(const char *keys, size_t length, enum motion *motion)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const size_t size = strlen(sequences[i].sequence);

		if (size <= length && memcmp(keys, sequences[i].sequence, size) == 0) {
			*motion = sequences[i].motion;
			return size;
		}
	}
	return 0;
}

bool pane_press(struct pane *pane, const char *text, const char *keys, size_t length)
{
	const size_t count = count_lines(text);
	const size_t height = height_of(pane, count);
	const size_t positions = count > height ? count - height + 1 : 1;

	for (size_t i = 0; i < length;) {
		enum motion motion = MOTION_UP;
		const size_t size = read_motion(keys + i, length - i, &motion);

		if (keys[i] == 'q')
			return false;
		if (size > 0)
			pane->first = scroll_move(pane->first, motion, positions, height);
		i += size > 0 ? size : skip_key(keys + i, length - i);
	}
	return true;
}
