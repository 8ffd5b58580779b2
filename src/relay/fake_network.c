/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/fake_network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	IP_BITS = 32,
	IP6_BITS = 128,
	NUMBER_BITS = 32, /* of an IPv6 address that are used */
};

static uint64_t count_numbers(const struct network *network)
{
	const unsigned bits = (network->family == AF_INET ? IP_BITS : IP6_BITS) - network->prefix;
	const uint64_t addresses = UINT64_C(1) << (bits < NUMBER_BITS ? bits : NUMBER_BITS);

	return addresses > 2 ? addresses - 2 : 0;
}

uint32_t fake_network_size(const struct network *ip, const struct network *ip6, size_t most)
{
	uint64_t size = ip->prefix == 0 && ip6->prefix == 0 ? 0 : most;

	if (ip->prefix != 0 && count_numbers(ip) < size)
		size = count_numbers(ip);
	if (ip6->prefix != 0 && count_numbers(ip6) < size)
		size = count_numbers(ip6);
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX - 1;
}

static const uint8_t *bytes_of(const struct endpoint *endpoint)
{
	return endpoint->family == AF_INET ? (const uint8_t *)&endpoint->ip : endpoint->ip6.s6_addr;
}

/* Sets the bits of an address that are the network's to zero. */
static void remove_prefix(uint8_t *address, unsigned prefix)
{
	memset(address, 0, prefix / 8);
	if (prefix % 8 != 0)
		address[prefix / 8] &= (uint8_t)(0xffU >> (prefix % 8));
}

/* The rest of an address in a network; false if it is in another one. */
static bool take_rest(const struct network *network, const struct endpoint *endpoint, uint8_t rest[16])
{
	const size_t size = address_size(network->family);
	const uint8_t *base = network->family == AF_INET ? (const uint8_t *)&network->ip : network->ip6.s6_addr;

	if (network->prefix == 0 || endpoint->family != network->family)
		return false;
	memcpy(rest, bytes_of(endpoint), size);
	remove_prefix(rest, network->prefix);
	for (size_t i = 0; i < size; i++) {
		if ((bytes_of(endpoint)[i] ^ rest[i]) != base[i])
			return false;
	}
	return true;
}

bool fake_network_covers(const struct network *network, const struct endpoint *endpoint)
{
	uint8_t rest[16];

	return take_rest(network, endpoint, rest);
}

bool fake_network_index(const struct network *network, const struct endpoint *endpoint, uint32_t *index)
{
	const size_t size = address_size(network->family);
	uint64_t number = 0;
	uint8_t rest[16];

	if (!take_rest(network, endpoint, rest))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (i < size - NUMBER_BITS / 8 && rest[i] != 0)
			return false;
		number = number << 8 | rest[i];
	}
	*index = (uint32_t)(number - 1);
	return number >= 1 && number <= count_numbers(network);
}

void fake_network_address(const struct network *network, uint32_t index, struct endpoint *endpoint)
{
	const uint32_t number = htonl(index + 1);

	*endpoint = (struct endpoint){.family = network->family};
	if (network->family == AF_INET) {
		endpoint->ip.s_addr = network->ip.s_addr | number;
		return;
	}
	endpoint->ip6 = network->ip6;
	for (size_t i = 0; i < sizeof(number); i++)
		endpoint->ip6.s6_addr[12 + i] |= ((const uint8_t *)&number)[i];
}

static void write_network(const struct network *network, char *out, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	if (network->prefix == 0) {
		snprintf(out, size, "-");
		return;
	}
	inet_ntop(network->family, network->family == AF_INET ? (const void *)&network->ip : &network->ip6, address,
		  sizeof(address));
	snprintf(out, size, "%s/%u", address, network->prefix);
}

void fake_network_heading(const struct network *ip, const struct network *ip6, char *out, size_t size)
{
	char networks[2][INET6_ADDRSTRLEN + sizeof("/128")];

	write_network(ip, networks[0], sizeof(networks[0]));
	write_network(ip6, networks[1], sizeof(networks[1]));
	snprintf(out, size, "cgtproxy fake-ip 1 %s %s", networks[0], networks[1]);
}
