/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_CENSUS_H
#define CGTPROXY_SOCKET_CENSUS_H

#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lists all sockets of this network namespace with sock_diag(7), in small chunks so that new cgroups need not wait on a
 * host with very many sockets. Needs no privileges.
 *
 * Covers TCP in all states that have a socket, including those no longer open in any process, UDP, UDP-Lite, raw
 * sockets, SCTP and MPTCP, over IPv4 and IPv6. The kernel does not list ping sockets, nor sockets that were never
 * bound, connected or sent from; it lists raw, UDP-Lite and SCTP sockets only with the modules for it.
 */
struct socket_census {
	int poll;		/* readable when socket_census_read() has work */
	struct netlink netlink; /* open during a census */
	size_t at;		/* index of the current request */
	uint32_t states;	/* of the sockets requested, a bit for each; netinet/tcp.h */
};

/** A kind of sockets, which the kernel lists with a module of its own. */
struct socket_protocol {
	uint32_t protocol; /* IPPROTO_* */
	const char *name;
	const char *module; /* NULL: a kernel may lack the protocol, or the module that lists its sockets */
	const char *option; /* kernel config option of the module */
};

/** Callback that receives the cgroup id of each socket. */
struct socket_listener {
	void (*found)(uint64_t cgroup_id, void *userdata);
	void *userdata;
};

/**
 * Prepares for taking censuses.
 *
 * @census: to be closed with socket_census_close() whatever this returns
 *
 * Returns 0 or a negative errno.
 */
int socket_census_open(struct socket_census *census);

/**
 * Tests whether a census is possible. This makes the kernel load the modules for it while it still can.
 *
 * Returns 0 or a negative errno: -ENOENT when a module is missing, see socket_census_asked().
 */
int socket_census_try(struct socket_census *census);

/** Returns what was last requested. */
const struct socket_protocol *socket_census_asked(const struct socket_census *census);

/**
 * Begins a census, aborting one in progress.
 *
 * Returns 0 or a negative errno.
 */
int socket_census_begin(struct socket_census *census);

/**
 * Reads a few hundred sockets.
 *
 * Returns 1, 0 at the end, or a negative errno, which aborts the census: there may be more sockets.
 */
int socket_census_read(struct socket_census *census, const struct socket_listener *listener);

void socket_census_close(struct socket_census *census);

#endif
