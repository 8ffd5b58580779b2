/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ADDRESS_TYPE_H
#define CGTPROXY_ROUTE_ADDRESS_TYPE_H

#include "route/rtnetlink.h"
#include "util/address.h"

/** What an address is to this host. */
enum address_type {
	ADDRESS_UNREACHABLE, /* no route leads there */
	ADDRESS_REMOTE,
	ADDRESS_LOCAL, /* this host's own */
	ADDRESS_BROADCAST,
	ADDRESS_MULTICAST,
};

/**
 * Asks the kernel how it would route an unmarked packet to an address. Needs no privileges.
 *
 * @type: set to the answer
 *
 * Returns 0 or a negative errno.
 */
int address_type_find(struct rtnetlink *rtnetlink, const struct endpoint *address, enum address_type *type);

#endif
