/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_OWN_ADDRESS_H
#define CGTPROXY_RELAY_OWN_ADDRESS_H

#include "util/address.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * Asks the kernel whether an address is one of this host's, by routing an unmarked packet there.
 *
 * @netlink: of NETLINK_ROUTE
 * @is_own:  set to the answer
 *
 * Returns 0 or a negative errno.
 */
int own_address_find(struct netlink *netlink, const struct endpoint *address, bool *is_own);

enum { OWN_ADDRESSES_KNOWN = 256 };

/** What was found out a moment ago, so that the kernel is not asked for each datagram. */
struct own_addresses {
	struct own_address_known {
		struct endpoint address;
		bool is_own;
		uint64_t until; /* in usec; 0: empty */
	} known[OWN_ADDRESSES_KNOWN];
};

/** The same, or what it was within the last second. @now: in usec */
int own_addresses_find(struct own_addresses *addresses, struct netlink *netlink, const struct endpoint *address,
		       uint64_t now, bool *is_own);

#endif
