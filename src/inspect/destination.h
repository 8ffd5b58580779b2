/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_DESTINATION_H
#define CGTPROXY_INSPECT_DESTINATION_H

#include "route/address_type.h"
#include "util/address.h"
#include "util/error.h"

#include <stdint.h>

/** Where packets are sent, as a user gives it. */
struct destination {
	struct endpoint to;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, or 0: any */
	enum address_type type;
};

/**
 * Reads [tcp/|udp/]ADDRESS[:PORT] with an IPv4 or IPv6 address, the latter in brackets if a port follows, and asks the
 * kernel what that address is. A zone (%eth0) is ignored. 0.0.0.0 and :: are this host, and ::ffff:0:0/96 is IPv4, as
 * for the kernel's sockets.
 *
 * Returns 0, -EINVAL for anything else, or another negative errno, with @error.
 */
int destination_read(const char *text, struct destination *destination, struct error *error);

#endif
