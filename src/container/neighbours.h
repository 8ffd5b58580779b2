/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_NEIGHBOURS_H
#define CGTPROXY_CONTAINER_NEIGHBOURS_H

#include "container/container.h"
#include "util/netlink.h"

#include <linux/if_ether.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What rtnetlink(7) says about neighbours: addresses that were used, and ports of bridges at which hardware addresses
 * were learned. For us these are hints that something is new at a container.
 */

/** What a notification says. */
struct neighbour {
	uint32_t index; /* of the interface, or of the bridge's port */
	bool has_mac;
	uint8_t mac[ETH_ALEN];
	struct container_address address; /* family 0: none, a hardware address was learned at a port */
};

/** Returns whether a message says that somebody is there, and is well-formed. */
bool neighbour_read(const struct nlmsghdr *message, struct neighbour *neighbour);

/**
 * Asks a bridge for the port that a hardware address is at.
 *
 * @port: set to its index
 *
 * Returns 0 or a negative errno: -ENOENT when it does not know.
 */
int neighbour_port(struct netlink *asking, uint32_t bridge, const uint8_t mac[ETH_ALEN], uint32_t *port);

#endif
