/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ADDRESS_H
#define CGTPROXY_UTIL_ADDRESS_H

#include <netinet/in.h>
#include <stddef.h>

/** Returns the size of an AF_INET or AF_INET6 address, in bytes. */
static inline size_t address_size(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

#endif
