/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_SOCKS5_UDP_H
#define CGTPROXY_RELAY_SOCKS5_UDP_H

#include "util/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UDP in SOCKS5 (RFC 1928, 7), as bytes: the header of each datagram, and the address that these are sent to. */

enum {
	SOCKS5_UDP_HEADER_MAX = 2 + 1 + 1 + 16 + 2,    /* bytes of a header, and of a reply, with an address */
	SOCKS5_UDP_NAME_MAX = 2 + 1 + 1 + 1 + 255 + 2, /* of a header with a name */
};

/** Writes the header of a datagram to a destination. Returns its length. */
size_t socks5_udp_write(const struct endpoint *destination, uint8_t *out);

/** The same for a host's name of up to 255 bytes. @out: SOCKS5_UDP_NAME_MAX bytes */
size_t socks5_udp_write_name(const char *name, uint16_t port, uint8_t *out);

/**
 * Reads the header of a datagram from the upstream. Fragments are refused, as the RFC allows, and so are sources that
 * are names. An IPv4 address that is mapped to IPv6 is an IPv4 address.
 *
 * Returns its length, or 0 if this is none.
 */
size_t socks5_udp_read(const uint8_t *data, size_t length, struct endpoint *source);

/** The same for one whose source is a name, of which nothing but the port is used. */
size_t socks5_udp_read_name(const uint8_t *data, size_t length, uint16_t *port);

/**
 * Reads the address in a reply of SOCKS5 that is whole and no refusal, of which this has the first bytes.
 *
 * @reply: SOCKS5_UDP_HEADER_MAX bytes
 *
 * Returns whether it is an address with a port, and not a name.
 */
bool socks5_read_bound(const uint8_t *reply, struct endpoint *bound);

#endif
