/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_LAYOUT_H
#define CGTPROXY_TOP_LAYOUT_H

#include <stddef.h>

/* Where things are on a screen of any size. */

/** The columns, from left to right. */
enum top_column {
	TOP_NAME,
	TOP_USER,
	TOP_TARGET,
	TOP_RULE,
	TOP_SOCKETS,
	TOP_DOWN,
	TOP_UP,
	TOP_COLUMNS,
};

/** Where a column begins, and how wide it is: 0 if there is no room for it. */
struct top_place {
	size_t left;
	size_t width;
};

/**
 * Shares out the width of the screen. The name gets what is left over; where that is too little, columns are left out,
 * the least important first: the rule, the sockets, the user, the rate up, the rate down, the target.
 *
 * @width:  of the screen
 * @wanted: the width of each column's content; 0 for a column without any
 * @places: set
 */
void layout_columns(size_t width, const size_t wanted[TOP_COLUMNS], struct top_place places[TOP_COLUMNS]);

/** The lines of the screen: how many each part has, from top to bottom. */
struct top_lines {
	size_t title;
	size_t notice;
	size_t headings;
	size_t list;
	size_t bottom;
};

/**
 * Shares out the height of the screen. The list has one line at least if there is any; the title is left out first,
 * then the headings. The notice gets a third of what the bottom leaves at most.
 *
 * @height: of the screen
 * @notice: lines of the notice
 * @bottom: wanted at the bottom, which gets half of the screen at most
 */
struct top_lines layout_lines(size_t height, size_t notice, size_t bottom);

/**
 * Returns how many bytes of a text go on a line of this width: up to a space, or to where a line of Chinese may end, if
 * there is one. Begin the next line without spaces.
 */
size_t layout_wrap(const char *text, size_t width);

#endif
