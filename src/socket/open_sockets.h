/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_OPEN_SOCKETS_H
#define CGTPROXY_SOCKET_OPEN_SOCKETS_H

#include "util/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Details of sockets that processes have open, with sock_diag(7). Needs no privileges. */

/** An IPv4 or IPv6 socket of TCP, UDP, UDP-Lite, SCTP or a raw one. */
struct open_socket {
	uint64_t cgroup_id; /* the cgroup in which it was created, whoever has it open now */
	uint32_t inode;	    /* as in /proc/PID/fd: "socket:[INODE]" */
	uint8_t protocol;   /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP or IPPROTO_RAW */
	bool is_listening;  /* of TCP */
	struct endpoint local;
	struct endpoint remote; /* all zero when it is not connected */
};

struct open_sockets {
	struct open_socket *items; /* freed by open_sockets_clear() */
	size_t count;
	size_t capacity;
};

/** Inode numbers. */
struct inodes {
	uint32_t *items;
	size_t count;
	size_t capacity;
};

/** Sorts them, as open_sockets_find() needs them. */
void inodes_sort(struct inodes *inodes);

/**
 * Lists the sockets of this network namespace with one of these inodes.
 *
 * @inodes:  sorted
 * @sockets: zeroed; release with open_sockets_clear(), also on failure
 *
 * Returns 0 or a negative errno. Sockets of a protocol that the kernel lacks or can't list are not found, nor are
 * those that were never bound, connected or sent from.
 */
int open_sockets_find(const struct inodes *inodes, struct open_sockets *sockets);

void open_sockets_clear(struct open_sockets *sockets);

#endif
