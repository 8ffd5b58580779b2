/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_SCROLL_H
#define CGTPROXY_CMD_SCROLL_H

#include <stddef.h>

/* Moving in something that is longer than the screen. */

enum motion {
	MOTION_UP,
	MOTION_DOWN,
	MOTION_PAGE_UP,
	MOTION_PAGE_DOWN,
	MOTION_HOME,
	MOTION_END,
};

/**
 * Returns where a motion leads.
 *
 * @position: now
 * @count:    of positions; the result is below, and 0 if there are none
 * @page:     how far a page is
 */
size_t scroll_move(size_t position, enum motion motion, size_t count, size_t page);

/**
 * Returns the first line to show, moved as little as possible so that the chosen one is seen and no space is left over.
 *
 * @first:    shown now
 * @selected: the line chosen
 * @count:    of lines
 * @height:   of the screen, in lines
 */
size_t scroll_fit(size_t first, size_t selected, size_t count, size_t height);

#endif
