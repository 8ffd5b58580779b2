/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_LISTENER_H
#define CGTPROXY_SOCKET_LISTENER_H

#include <stddef.h>
#include <stdint.h>

/* Who listens on a port, asked of the kernel by sock_diag(7). It takes no privileges. */

struct listeners {
	uint64_t *cgroup_ids; /* of each socket that listens; for free() */
	size_t count;
	size_t capacity;
};

/**
 * Lists the sockets of this network namespace that listen on a TCP port, or are bound to that UDP port, of IPv4 or
 * IPv6.
 *
 * @port:      host byte order
 * @listeners: zeroed
 *
 * Returns 0 or a negative errno.
 */
int listeners_find(uint16_t port, struct listeners *listeners);

#endif
