/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_SOCKETS_H
#define CGTPROXY_SOCKET_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

/* Finds out which cgroups have sockets, with sock_diag(7). Needs no privileges. */

struct socket_cgroups {
	uint64_t *ids; /* the cgroup id of each socket; freed by the caller */
	size_t count;
	size_t capacity;
};

/**
 * Lists all IPv4 and IPv6 TCP and UDP sockets of this network namespace that a process has open.
 *
 * @sockets: zeroed
 *
 * Returns 0 or a negative errno.
 */
int sockets_find_all(struct socket_cgroups *sockets);

#endif
