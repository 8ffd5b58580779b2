/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_DIAG_H
#define CGTPROXY_SOCKET_DIAG_H

#include "util/netlink.h"

#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>

/* Lists of sockets by sock_diag(7). It takes no privileges, and shows the sockets of this network namespace. */

/** Which sockets are asked for. */
struct diag_request {
	uint8_t family;	  /* AF_INET, AF_INET6 */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint32_t states;  /* a bit for each that counts, netinet/tcp.h */
	uint16_t port;	  /* the local one, host byte order; 0: any */
};

/** A socket as the kernel describes it. */
struct diag_socket {
	const struct inet_diag_msg *head;
	const struct nlattr *attributes[INET_DIAG_MAX + 1]; /* by INET_DIAG_*, each NULL or as long as it must be */
};

/** To be given each socket. */
struct diag_reader {
	int (*note)(const struct diag_socket *socket,
		    void *userdata); /* returns 0 or a negative errno, which ends it */
	void *userdata;
	size_t *count; /* of the sockets it keeps; set back when a list is read again */
};

/** How often a list is read that changes each time. */
enum { DIAG_TRIES = 3 };

/**
 * Lists the sockets that a process has open. A list that changed while it was read is read again, up to DIAG_TRIES
 * times in all. If it changed each time, that is no failure: the last list is taken, and sockets may be missing from
 * it.
 *
 * @netlink: open, for NETLINK_SOCK_DIAG
 *
 * Returns 0, also without the module that lists these sockets, or a negative errno.
 */
int diag_list(struct netlink *netlink, const struct diag_request *request, const struct diag_reader *reader);

/**
 * Finds the UDP socket that would get a packet to an address. That takes no time, however many sockets there are.
 *
 * @request:   with a port
 * @address:   of the request's family
 * @interface: index of the one on which the packet arrives
 *
 * Returns 0, also if there is none, or a negative errno.
 */
int diag_find_udp(struct netlink *netlink, const struct diag_request *request, const void *address, uint32_t interface,
		  const struct diag_reader *reader);

/**
 * Lists all TCP and UDP sockets, of IPv4 and IPv6.
 *
 * @tcp_states: a bit for each that counts, netinet/tcp.h
 *
 * Returns what diag_list() does, or a negative errno if there can't be a connection.
 */
int diag_list_all(uint32_t tcp_states, const struct diag_reader *reader);

#endif
