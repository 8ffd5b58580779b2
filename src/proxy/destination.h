/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_PROXY_DESTINATION_H
#define CGTPROXY_PROXY_DESTINATION_H

#include "util/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
	DESTINATION_NAME_MAX = 253, /* bytes of a host's name, without a final dot */
	DESTINATION_SIZE = DESTINATION_NAME_MAX + sizeof(":65535"),
};

/** Where a client wanted to go. */
struct destination {
	struct endpoint endpoint;
	const char *name; /* of the host, which then stands for the address; or NULL. Whoever sets it keeps it. */
};

/**
 * Reads an address of IP. An IPv4 address that is mapped to IPv6, as a socket for both has it, is an IPv4 address.
 *
 * Returns whether it is one of IP.
 */
bool endpoint_read(const struct sockaddr_storage *address, struct endpoint *endpoint);

/** Fills in an address of IP. Returns its length. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *address);

/** Orders addresses with their ports, for tsearch(3). Returns less than 0, 0, or more. */
int endpoint_compare(const struct endpoint *one, const struct endpoint *other);

/** Returns whether a text can be the name of a host: letters, digits, '-' and '_' between dots. */
bool destination_is_name(const char *name);

/**
 * Writes it as messages and HTTP have it: "192.0.2.1:443", "[2001:db8::1]:443", "example.org:443".
 *
 * @out: DESTINATION_SIZE bytes
 *
 * Returns @out.
 */
const char *destination_write(const struct destination *destination, char *out);

#endif
