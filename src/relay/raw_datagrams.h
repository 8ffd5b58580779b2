/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_RAW_DATAGRAMS_H
#define CGTPROXY_RELAY_RAW_DATAGRAMS_H

#include "util/address.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Small datagrams from any address and port, be it that of a server on this host: written with their headers, since a
 * socket that is bound to such an address would get what is meant for the server. Nor does port 53 need a capability
 * of its own so. This needs CAP_NET_RAW.
 */

enum {
	RAW_DATAGRAM_MAX = 1232, /* bytes of data, which no network has to fragment (DNS_UDP_MAX) */
	RAW_PACKET_MAX = 40 + 8 + RAW_DATAGRAM_MAX,
};

/** Sockets that send, made when they are needed. */
struct raw_datagrams {
	int fd; /* of IPv4; -1: none yet */
	int fd6;
};

void raw_datagrams_init(struct raw_datagrams *raw);

/**
 * Sends a datagram of up to RAW_DATAGRAM_MAX bytes.
 *
 * @source: of the client's family
 *
 * Returns 0 or a negative errno.
 */
int raw_datagrams_send(struct raw_datagrams *raw, const struct endpoint *source, const struct endpoint *client,
		       const void *data, size_t length);

void raw_datagrams_close(struct raw_datagrams *raw);

/**
 * Writes a packet of IP with a datagram of up to RAW_DATAGRAM_MAX bytes. In that of IPv4, the kernel adds its checksum.
 *
 * @out: RAW_PACKET_MAX bytes
 *
 * Returns its length.
 */
size_t raw_datagram_write(const struct endpoint *source, const struct endpoint *client, const void *data, size_t length,
			  uint8_t *out);

#endif
