/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/sockets.h"

#include "socket/diag.h"
#include "util/array.h"

#include <errno.h>
#include <sys/socket.h>

static int note_socket(const struct diag_socket *socket, void *userdata)
{
	struct socket_cgroups *sockets = userdata;
	const struct nlattr *cgroup = socket->attributes[INET_DIAG_CGROUP_ID];
	uint64_t *ids = array_reserve(sockets->ids, &sockets->capacity, sockets->count + 1, sizeof(*ids));

	if (ids == NULL)
		return -ENOMEM;
	sockets->ids = ids;
	ids[sockets->count++] = cgroup != NULL ? mnl_attr_get_u64(cgroup) : 0;
	return 0;
}

int sockets_find_all(struct socket_cgroups *sockets)
{
	/* the kernel keeps these without a socket, so they have no cgroup */
	static const uint32_t without_socket = 1U << TCP_TIME_WAIT | 1U << TCP_SYN_RECV;
	const struct diag_reader reader = {note_socket, sockets, &sockets->count};

	return diag_list_all(~without_socket, &reader);
}
