/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/socks5_udp.h"

#include "proxy/destination.h"

#include <string.h>

enum {
	ADDRESS_IP = 1,
	ADDRESS_NAME = 3,
	ADDRESS_IP6 = 4,
	FRAGMENT_AT = 2,
	ADDRESS_AT = 4, /* behind its type, as in a reply */
};

size_t socks5_udp_write(const struct endpoint *destination, uint8_t *out)
{
	const size_t size = address_size(destination->family);
	const uint16_t port = htons(destination->port);

	memcpy(out, (const uint8_t[]){0, 0, 0, destination->family == AF_INET ? ADDRESS_IP : ADDRESS_IP6}, ADDRESS_AT);
	memcpy(out + ADDRESS_AT, &destination->ip6, size);
	memcpy(out + ADDRESS_AT + size, &port, sizeof(port));
	return ADDRESS_AT + size + sizeof(port);
}

size_t socks5_udp_write_name(const char *name, uint16_t port, uint8_t *out)
{
	const size_t size = strnlen(name, UINT8_MAX);
	const uint16_t number = htons(port);

	memcpy(out, (const uint8_t[]){0, 0, 0, ADDRESS_NAME, (uint8_t)size}, ADDRESS_AT + 1);
	memcpy(out + ADDRESS_AT + 1, name, size);
	memcpy(out + ADDRESS_AT + 1 + size, &number, sizeof(number));
	return ADDRESS_AT + 1 + size + sizeof(number);
}

size_t socks5_udp_read_name(const uint8_t *data, size_t length, uint16_t *port)
{
	size_t end = 0;
	uint16_t number = 0;

	if (length <= ADDRESS_AT || data[0] != 0 || data[1] != 0 || data[FRAGMENT_AT] != 0 ||
	    data[ADDRESS_AT - 1] != ADDRESS_NAME)
		return 0;
	end = ADDRESS_AT + 1 + (size_t)data[ADDRESS_AT] + sizeof(number);
	if (length < end)
		return 0;
	memcpy(&number, data + end - sizeof(number), sizeof(number));
	*port = ntohs(number);
	return end;
}

/* Returns how many bytes there are up to the end of the address and the port, or 0. */
static size_t read_address(const uint8_t *data, size_t length, struct endpoint *endpoint)
{
	struct endpoint read = {.family = data[ADDRESS_AT - 1] == ADDRESS_IP ? AF_INET : AF_INET6};
	const size_t size = address_size(read.family);
	struct sockaddr_storage address;
	uint16_t port = 0;

	if (data[ADDRESS_AT - 1] != ADDRESS_IP && data[ADDRESS_AT - 1] != ADDRESS_IP6)
		return 0;
	if (length < ADDRESS_AT + size + sizeof(port))
		return 0;
	memcpy(&read.ip6, data + ADDRESS_AT, size);
	memcpy(&port, data + ADDRESS_AT + size, sizeof(port));
	read.port = ntohs(port);
	endpoint_to_sockaddr(&read, &address);
	return endpoint_read(&address, endpoint) ? ADDRESS_AT + size + sizeof(port) : 0;
}

size_t socks5_udp_read(const uint8_t *data, size_t length, struct endpoint *source)
{
	if (length < ADDRESS_AT || data[0] != 0 || data[1] != 0 || data[FRAGMENT_AT] != 0)
		return 0;
	return read_address(data, length, source);
}

bool socks5_read_bound(const uint8_t *reply, struct endpoint *bound)
{
	return read_address(reply, SOCKS5_UDP_HEADER_MAX, bound) > 0 && bound->port != 0;
}
