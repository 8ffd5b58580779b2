/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_MARKS_H
#define CGTPROXY_SOCKET_MARKS_H

#include <stddef.h>
#include <stdint.h>

/** The marks that sockets put on their packets (SO_MARK), each as often as a socket has it, without 0. */
struct socket_marks {
	uint32_t *items; /* to be freed with free() */
	size_t count;
	size_t capacity;
};

/**
 * Lists the marks of all TCP and UDP sockets of this network namespace, with sock_diag(7). The kernel reports marks to
 * those with CAP_NET_ADMIN only; for others the list is empty.
 *
 * @marks: zeroed
 *
 * Returns 0 or a negative errno.
 */
int marks_find(struct socket_marks *marks);

#endif
