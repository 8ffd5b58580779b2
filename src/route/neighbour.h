/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_NEIGHBOUR_H
#define CGTPROXY_ROUTE_NEIGHBOUR_H

#include "route/rtnetlink.h"
#include "util/address.h"

#include <netinet/if_ether.h>
#include <stdbool.h>
#include <stdint.h>

/** Another host, as this one knows it. */
struct neighbour {
	struct endpoint address; /* family 0: not known */
	uint32_t interface;	 /* index of the one behind which it is, or 0 */
	bool has_mac;
	uint8_t mac[ETH_ALEN]; /* its own, or that of the router behind which it is */
};

/**
 * Finds out how a host is reached; most likely its packets come the same way.
 *
 * @neighbour: its address is given, the rest is set
 *
 * Returns 1 if the address is this host's own, 0, or a negative errno.
 */
int neighbour_find_by_address(struct rtnetlink *rtnetlink, struct neighbour *neighbour);

/**
 * Finds the host with a MAC address among those that this one has lately talked to; its IPv4 address if it has both.
 *
 * @neighbour: its MAC address is given, the rest is set, if the host is found
 *
 * Returns 0 or a negative errno.
 */
int neighbour_find_by_mac(struct rtnetlink *rtnetlink, struct neighbour *neighbour);

#endif
