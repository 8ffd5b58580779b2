/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_PROCESS_H
#define CGTPROXY_UTIL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { PROCESS_NAME_SIZE = 192 };

/**
 * Names the process behind a netlink port, for a message: "process 12 (name)". A process's first netlink socket gets
 * its process id as the port (netlink(7)); where that is no process any more, the port is all there is to say.
 *
 * @out: PROCESS_NAME_SIZE bytes
 *
 * Returns @out.
 */
const char *process_of_port(uint32_t port, char *out);

/**
 * Looks whether a process of some name is connected to a part of the kernel by netlink, in this network namespace.
 * Everybody may look, but the name is only what that process calls itself.
 *
 * @protocol: NETLINK_* of linux/netlink.h
 */
bool process_is_connected(const char *name, unsigned protocol);

/**
 * Finds out when a process began.
 *
 * @started: set to the time, to a second
 *
 * Returns 0, or a negative errno: there is no such process.
 */
int process_started(uint32_t pid, time_t *started);

#endif
