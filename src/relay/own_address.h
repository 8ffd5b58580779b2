/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_OWN_ADDRESS_H
#define CGTPROXY_RELAY_OWN_ADDRESS_H

#include "util/address.h"
#include "util/netlink.h"

#include <stdbool.h>

/**
 * Asks the kernel whether an address is one of this host's, by routing an unmarked packet there.
 *
 * @netlink: of NETLINK_ROUTE
 * @is_own:  set to the answer
 *
 * Returns 0 or a negative errno.
 */
int own_address_find(struct netlink *netlink, const struct endpoint *address, bool *is_own);

#endif
