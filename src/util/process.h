/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_PROCESS_H
#define CGTPROXY_UTIL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
	PROCESS_NAME_SIZE = 192,
	PROCESS_PROGRAM_SIZE = 32, /* include/linux/sched.h: TASK_COMM_LEN is 16; kernel threads' names are longer */
};

/**
 * Reads what a process calls itself.
 *
 * @name: PROCESS_PROGRAM_SIZE bytes; "" if it can't be read
 *
 * Returns whether it could be read.
 */
bool process_read_program(uint32_t pid, char *name);

/**
 * Names the process behind a netlink port, for a message: "process 12 (name)". A process's first netlink socket gets
 * its process id as the port (netlink(7)); if that process no longer exists, only the port is named.
 *
 * @out: PROCESS_NAME_SIZE bytes
 *
 * Returns @out.
 */
const char *process_of_port(uint32_t port, char *out);

/**
 * Finds a process with this name that has a netlink socket of this protocol in this network namespace. Needs no
 * privileges, but the name is only what the process calls itself.
 *
 * @protocol: NETLINK_* of linux/netlink.h
 *
 * Returns its id, or 0 if there is none.
 */
uint32_t process_find_connected(const char *name, unsigned protocol);

/** Returns whether there is such a process. */
bool process_is_connected(const char *name, unsigned protocol);

/**
 * Finds the netlink socket with a port in this network namespace.
 *
 * @protocol: NETLINK_* of linux/netlink.h
 *
 * Returns its inode, or 0 if there is none.
 */
uint32_t process_socket_of_port(unsigned protocol, uint32_t port);

/**
 * Finds the start time of a process.
 *
 * @started: set to the time, in whole seconds
 *
 * Returns 0, or a negative errno when there is no such process.
 */
int process_started(uint32_t pid, time_t *started);

#endif
