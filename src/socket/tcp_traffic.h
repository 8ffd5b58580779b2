/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_TCP_TRAFFIC_H
#define CGTPROXY_SOCKET_TCP_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

/* How much the open TCP connections have transferred, with sock_diag(7)'s tcp_info. Needs no privileges. */

/** A connection that a process has open. */
struct tcp_traffic {
	uint64_t cookie; /* no other socket has the same, also later */
	uint64_t cgroup_id;
	uint64_t received; /* bytes of data */
	uint64_t sent;	   /* bytes of data that the peer has acknowledged */
};

struct tcp_traffics {
	struct tcp_traffic *items;
	size_t count;
	size_t capacity;
};

/**
 * Lists the IPv4 and IPv6 TCP connections of this network namespace that a process has open.
 *
 * @traffics: zeroed; free its items, whatever this returns
 *
 * Returns 0 or a negative errno.
 */
int tcp_traffic_read(struct tcp_traffics *traffics);

#endif
