/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_RUNNING_H
#define CGTPROXY_INSPECT_RUNNING_H

#include "nft/stamp.h"
#include "util/error.h"

#include <stdint.h>

/** The daemon of this network namespace, and the config it has in force. */
struct running {
	uint32_t port;		    /* of its netlink socket; 0: none is running */
	char comment[COMMENT_SIZE]; /* its stamp as text, which differs after each load, or "" */
	struct stamp stamp;	    /* zero if unknown */
};

/**
 * Asks the kernel, with a few small requests.
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int running_read(struct running *running, struct error *error);

/**
 * Opens the daemon's process. The port of a netlink socket is its owner's process ID only as a rule, and not in other
 * PID namespaces, so the process is the one that holds that very socket.
 *
 * Returns a pidfd (pidfd_open(2)), or a negative errno: -ESRCH if no process that may be looked at holds the socket.
 */
int running_open(const struct running *running);

#endif
