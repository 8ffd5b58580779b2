/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/scroll.h"

size_t scroll_move(size_t position, enum motion motion, size_t count, size_t page)
{
	const size_t last = count > 0 ? count - 1 : 0;
	size_t forward = 0;

	switch (motion) {
	case MOTION_HOME:
		return 0;
	case MOTION_END:
		return last;
	case MOTION_UP:
	case MOTION_PAGE_UP:
		forward = motion == MOTION_UP ? 1 : page;
		return position > forward ? position - forward : 0;
	case MOTION_DOWN:
	case MOTION_PAGE_DOWN:
		forward = motion == MOTION_DOWN ? 1 : page;
		break;
	}
	return position < last && last - position > forward ? position + forward : last;
}

size_t scroll_fit(size_t first, size_t selected, size_t count, size_t height)
{
	if (height == 0 || count <= height)
		return 0;
	if (selected < first)
		first = selected;
	if (selected >= first + height)
		first = selected - height + 1;
	return first > count - height ? count - height : first;
}
