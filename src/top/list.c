/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/list.h"

#include <stdlib.h>

const struct row *list_selected(const struct top *top)
{
	return top->selected < top->rows.count ? &top->rows.items[top->selected] : NULL;
}

static int replace_rows(struct top *top, const struct look *look)
{
	const struct row *old = list_selected(top);
	struct rows rows = {0};
	size_t selected = 0;
	int result = 0;

	top->choice.filter = top->filter;
	result = rows_make(&look->applications, &look->traffic, look->rates, &top->choice, &rows);
	if (result < 0)
		return result;
	selected =
		old != NULL ? rows_find(&rows, old->application->kind, old->application->uid, old->application->id) : 0;
	if (selected < rows.count)
		top->selected = selected;
	else if (top->selected >= rows.count)
		top->selected = rows.count > 0 ? rows.count - 1 : 0;
	free(top->rows.items);
	top->rows = rows;
	return 0;
}

int list_show(struct top *top, struct look *look)
{
	int result = replace_rows(top, look);

	if (result < 0)
		return result;
	look_clear(&top->look);
	top->look = *look;
	*look = (struct look){0};
	return 0;
}

int list_refresh(struct top *top)
{
	return replace_rows(top, &top->look);
}
