/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ADDRESS_H
#define CGTPROXY_UTIL_ADDRESS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/** An address and a port. */
struct endpoint {
	int family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr ip;
		struct in6_addr ip6;
	};
	uint16_t port; /* host byte order; 0: none */
};

enum { ENDPOINT_SIZE = INET6_ADDRSTRLEN + sizeof("[]:65535") };

/** Returns the size of an AF_INET or AF_INET6 address, in bytes. */
static inline size_t address_size(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/**
 * Formats an address and a port: "192.0.2.1:443", "[2001:db8::1]:443", or without a port just the address.
 *
 * @out: ENDPOINT_SIZE bytes
 *
 * Returns @out.
 */
const char *endpoint_write(const struct endpoint *endpoint, char *out);

#endif
