/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/marks.h"

#include "socket/diag.h"
#include "util/array.h"

#include <errno.h>
#include <sys/socket.h>

static int note_mark(const struct diag_socket *socket, void *userdata)
{
	struct socket_marks *marks = userdata;
	const struct nlattr *mark = socket->attributes[INET_DIAG_MARK];
	uint32_t *items = NULL;

	if (mark == NULL || mnl_attr_get_u32(mark) == 0)
		return 0;
	items = array_reserve(marks->items, &marks->capacity, marks->count + 1, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	marks->items = items;
	items[marks->count++] = mnl_attr_get_u32(mark);
	return 0;
}

int marks_find(struct socket_marks *marks)
{
	const struct diag_reader reader = {note_mark, marks, &marks->count};

	return diag_list_all(~0U, &reader);
}
