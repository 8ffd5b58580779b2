/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_CENSUS_H
#define CGTPROXY_SOCKET_CENSUS_H

#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All sockets of this network namespace, asked of the kernel by sock_diag(7) in small pieces, so that new cgroups need
 * not wait while a host with very many sockets is looked at. It takes no privileges.
 *
 * TCP in all states that have a socket, also those that no process has open any more, UDP, UDP-Lite, raw sockets, SCTP
 * and MPTCP, of IPv4 and IPv6. The kernel lists none of ping sockets, nor those that were never bound, connected or
 * sent from; raw sockets, UDP-Lite and SCTP where it has the modules for it.
 */
struct socket_census {
	int poll;		/* readable when socket_census_read() has work */
	struct netlink netlink; /* open while one is taken */
	size_t at;		/* what is asked for now */
	uint32_t states;	/* of the sockets that are, a bit for each; netinet/tcp.h */
};

/** Sockets of a kind, which the kernel lists by a module of its own. */
struct socket_protocol {
	uint32_t protocol; /* IPPROTO_* */
	const char *name;
	const char *module; /* NULL: a kernel may lack the protocol, or the module that lists its sockets */
	const char *option; /* of the kernel's config, for the module */
};

/** To be told the cgroup id of each socket. */
struct socket_listener {
	void (*found)(uint64_t cgroup_id, void *userdata);
	void *userdata;
};

/**
 * Prepares for censuses.
 *
 * @census: socket_census_close() it whatever this returns
 *
 * Returns 0 or a negative errno.
 */
int socket_census_open(struct socket_census *census);

/**
 * Tries whether there can be censuses. The kernel loads its modules for them meanwhile, as long as it can.
 *
 * Returns 0 or a negative errno: -ENOENT when a module is missing, see socket_census_asked().
 */
int socket_census_try(struct socket_census *census);

/** Returns what was asked for last. */
const struct socket_protocol *socket_census_asked(const struct socket_census *census);

/**
 * Begins a census; one that is taken is given up.
 *
 * Returns 0 or a negative errno.
 */
int socket_census_begin(struct socket_census *census);

/**
 * Reads some hundred sockets.
 *
 * Returns 1, 0 when there are no more, or a negative errno when there is no telling whether there are, with which the
 * census ends, too.
 */
int socket_census_read(struct socket_census *census, const struct socket_listener *listener);

void socket_census_close(struct socket_census *census);

#endif
