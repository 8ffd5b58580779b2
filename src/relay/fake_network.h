/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_FAKE_NETWORK_H
#define CGTPROXY_RELAY_FAKE_NETWORK_H

#include "config/config.h"
#include "util/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The addresses of a network, by number from 0. The first and the last address of a network have no number: in IPv4
 * they are the network's own and broadcast, and in IPv6 the first is every router's. A network without a prefix length
 * has no addresses.
 */

/** Returns how many numbers are valid in both networks, without those of one that has no addresses; @most at most. */
uint32_t fake_network_size(const struct network *ip, const struct network *ip6, size_t most);

/** Returns whether an address is in a network, with or without a number. */
bool fake_network_covers(const struct network *network, const struct endpoint *endpoint);

/** Finds an address's number; false if it has none that fits. */
bool fake_network_index(const struct network *network, const struct endpoint *endpoint, uint32_t *index);

/** Returns the address that has a number, without a port. */
void fake_network_address(const struct network *network, uint32_t index, struct endpoint *endpoint);

/** Writes the first line of a file with addresses of these networks. */
void fake_network_heading(const struct network *ip, const struct network *ip6, char *out, size_t size);

#endif
