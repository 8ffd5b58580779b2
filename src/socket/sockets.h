/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_SOCKETS_H
#define CGTPROXY_SOCKET_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

/* Which cgroups have sockets, asked of the kernel by sock_diag(7). It takes no privileges. */

struct socket_cgroups {
	uint64_t *ids; /* the cgroup's of each socket; for free() */
	size_t count;
	size_t capacity;
};

/**
 * Lists all TCP and UDP sockets of this network namespace that a process has open, of IPv4 or IPv6.
 *
 * @sockets: zeroed
 *
 * Returns 0 or a negative errno.
 */
int sockets_find_all(struct socket_cgroups *sockets);

#endif
