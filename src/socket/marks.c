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
	static const struct diag_request requests[] = {
		{AF_INET, IPPROTO_TCP, ~0U, 0},
		{AF_INET, IPPROTO_UDP, ~0U, 0},
		{AF_INET6, IPPROTO_TCP, ~0U, 0},
		{AF_INET6, IPPROTO_UDP, ~0U, 0},
	};
	const struct diag_reader reader = {note_mark, marks, &marks->count};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && result == 0; i++)
		result = diag_list(&netlink, &requests[i], &reader);
	netlink_close(&netlink);
	return result;
}
