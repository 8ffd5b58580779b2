/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_PRIMARY_H
#define CGTPROXY_ROUTE_PRIMARY_H

#include "route/rtnetlink.h"

#include <netinet/in.h>
#include <stdbool.h>

/** The address of the loopback interface at which TPROXY looks for a proxy's socket. */
struct primary_address {
	bool exists;
	int family;
	union {
		struct in_addr ip;
		struct in6_addr ip6;
	};
};

/**
 * Finds the first address of the loopback interface that is not secondary, tentative or deprecated. "tproxy to :PORT"
 * looks for a socket at that one, or at any (net/ipv4/netfilter/nf_tproxy_ipv4.c, nf_tproxy_laddr4, and likewise for
 * IPv6). It is 127.0.0.1 unless it was removed; of IPv6, an address that was added to the interface comes before ::1.
 *
 * @family: AF_INET or AF_INET6
 *
 * Returns 0 or a negative errno.
 */
int primary_address_find(struct rtnetlink *rtnetlink, int family, struct primary_address *address);

#endif
