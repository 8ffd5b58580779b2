/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_LISTENERS_H
#define CGTPROXY_SOCKET_LISTENERS_H

#include "util/address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who listens in this network namespace, asked of the kernel by sock_diag(7). It takes no privileges. */

/** A TCP socket that listens, or a UDP socket that is bound and not connected. */
struct listener {
	uint64_t cgroup_id; /* in which the socket was made, whoever has it open now */
	uint32_t inode;	    /* as /proc/PID/fd shows it: "socket:[INODE]" */
	uint32_t interface; /* index of the one that it is bound to, or 0 */
	uint8_t protocol;   /* IPPROTO_TCP, IPPROTO_UDP */
	uint8_t family;	    /* AF_INET, AF_INET6 */
	uint16_t port;	    /* host byte order */
	bool v6only;	    /* of AF_INET6: it takes no IPv4 */
	bool transparent;   /* IP_TRANSPARENT, IPV6_TRANSPARENT: it may take what TPROXY brings */
	union {
		struct in_addr ip;
		struct in6_addr ip6;
	} address; /* of the family; all zero: any */
};

struct listeners {
	struct listener *items; /* for listeners_clear() */
	size_t count;
	size_t capacity;
};

/**
 * Lists who listens. Of UDP, for one port, that is the socket that gets what comes to the loopback address, and only
 * without one all that there are. A client's UDP socket that is not connected looks like one that listens, and is
 * listed.
 *
 * @port:      host byte order, or 0 for all
 * @listeners: zeroed; listeners_clear() it whatever this returns
 *
 * Returns 0 or a negative errno. A protocol or family that the kernel does not have or can't list has no listeners.
 */
int listeners_find(uint16_t port, struct listeners *listeners);

/** Lists who listens on TCP, on any port, which takes no time however many connections there are. As above. */
int listeners_find_tcp(struct listeners *listeners);

/** Lists all who listen on UDP, on one port. As above. */
int listeners_find_udp(uint16_t port, struct listeners *listeners);

/**
 * Adds the UDP socket that gets what comes to an address, if there is one. It takes no time.
 *
 * @address:   with a port
 * @interface: index of the one on which it arrives
 *
 * Returns 0 or a negative errno.
 */
int listeners_find_udp_at(const struct endpoint *address, uint32_t interface, struct listeners *listeners);

/**
 * How many questions listeners_find() asks, and one of them. They take no time, but for UDP when nobody listens, and
 * for TCP when very many do at one port: with a hundred thousand sockets some 30 ms.
 *
 * @question: less than LISTENER_QUESTIONS
 */
enum { LISTENER_QUESTIONS = 4 };
int listeners_ask(unsigned question, uint16_t port, struct listeners *listeners);

/** Returns whether a socket takes packets of a family, AF_INET or AF_INET6, as far as its address goes. */
bool listener_takes_family(const struct listener *listener, uint8_t family);

/** Returns whether a socket takes packets to any address of its family. */
bool listener_is_wildcard(const struct listener *listener);

/** Returns whether a cgroup has a socket among them that may take what TPROXY brings to this port. */
bool listeners_take_tproxy(const struct listeners *listeners, uint64_t cgroup, uint16_t port);

void listeners_clear(struct listeners *listeners);

#endif
