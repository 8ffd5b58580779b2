/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_SERVERS_H
#define CGTPROXY_INSPECT_SERVERS_H

#include "inspect/known_proxies.h"
#include "inspect/processes.h"
#include "socket/listeners.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Proxy servers of this network namespace, as far as sockets and processes show them. */

/** A server that accepts TPROXY connections, a known proxy that could, or one that needs a relay. */
struct server {
	const struct known_proxy *known;    /* or NULL */
	char process[PROCESS_PROGRAM_SIZE]; /* the name of its process, any bytes, or "" if that is not known */
	uint32_t pid;			    /* or 0 */
	char *cgroup;			    /* path below the mount; its traffic leaves from there */
	uint16_t port;			    /* for TPROXY, host byte order; 0: it has none, and what follows is unset */
	char *upstream;			    /* its URL, if the port is for SOCKS5 or HTTP instead; or NULL */
	uint64_t sockets_cgroup;	    /* id of the cgroup in which the listening socket was made */
	bool takes_ipv4;		    /* on this port, what TPROXY brings from the loopback interface */
	bool takes_ipv6;
	bool takes_udp;
};

struct servers {
	struct server *items; /* with a port first, and of those the known proxies first; then by process and port */
	size_t count;
	size_t capacity;
	struct listeners listeners; /* all there are */
};

/**
 * Finds who listens with a transparent TCP socket (IP_TRANSPARENT), and which known proxies run without. Unprivileged
 * users can't look into the processes of others: which one has a socket is then concluded from the cgroup.
 *
 * @servers: zeroed; servers_clear() it, whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int servers_find(struct servers *servers, struct error *error);

/**
 * Adds servers that speak SOCKS5 or HTTP and nothing of TPROXY: who listens for this host, on a port that is usual for
 * that or as a program that is known for it, is asked (inspect/upstream_talk.h).
 *
 * @servers: as servers_find() leaves it, without a server
 *
 * Returns 0 or a negative errno with @error.
 */
int servers_find_upstreams(struct servers *servers, struct error *error);

/** Returns a port on which nothing listens: @first, or the next free one. */
uint16_t servers_free_port(const struct servers *servers, uint16_t first);

void servers_clear(struct servers *servers);

#endif
