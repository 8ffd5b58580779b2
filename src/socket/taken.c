/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/taken.h"

#include "socket/diag.h"
#include "util/array.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int note_socket(const struct diag_socket *socket, void *userdata)
{
	struct socket_cgroups *sockets = userdata;
	const struct nlattr *cgroup = socket->attributes[INET_DIAG_CGROUP_ID];
	const struct nlattr *options = socket->attributes[INET_DIAG_SOCKOPT]; /* from Linux 5.10 */
	struct inet_diag_sockopt bits = {0};
	uint64_t *ids = NULL;

	if (options != NULL)
		memcpy(&bits, mnl_attr_get_payload(options), sizeof(bits));
	if (!bits.transparent || cgroup == NULL)
		return 0;
	ids = array_reserve(sockets->ids, &sockets->capacity, sockets->count + 1, sizeof(*ids));
	if (ids == NULL)
		return -ENOMEM;
	sockets->ids = ids;
	ids[sockets->count++] = mnl_attr_get_u64(cgroup);
	return 0;
}

int taken_find_all(struct socket_cgroups *sockets)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	static const uint32_t states =
		1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT;
	const struct diag_reader reader = {note_socket, sockets, &sockets->count};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	for (size_t i = 0; i < sizeof(families) && result == 0; i++) {
		const struct diag_request request = {families[i], IPPROTO_TCP, states, 0};

		result = diag_list(&netlink, &request, &reader);
	}
	netlink_close(&netlink);
	return result;
}
