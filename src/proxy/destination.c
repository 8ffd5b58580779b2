/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "proxy/destination.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

_Static_assert((size_t)DESTINATION_SIZE >= (size_t)ENDPOINT_SIZE, "an address fits where a name does");

bool endpoint_read(const struct sockaddr_storage *address, struct endpoint *endpoint)
{
	const struct sockaddr_in *ip = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)address;

	if (address->ss_family != AF_INET && address->ss_family != AF_INET6)
		return false;
	*endpoint = (struct endpoint){.family = address->ss_family, .port = ntohs(ip->sin_port)};
	if (address->ss_family == AF_INET) {
		endpoint->ip = ip->sin_addr;
	} else if (IN6_IS_ADDR_V4MAPPED(&ip6->sin6_addr)) {
		endpoint->family = AF_INET;
		memcpy(&endpoint->ip, &ip6->sin6_addr.s6_addr[12], sizeof(endpoint->ip));
	} else {
		endpoint->ip6 = ip6->sin6_addr;
	}
	return true;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *address)
{
	struct sockaddr_in *ip = (struct sockaddr_in *)address;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)address;

	if (endpoint->family == AF_INET) {
		*ip = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_port = htons(endpoint->port), .sin_addr = endpoint->ip};
		return sizeof(*ip);
	}
	*ip6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port), .sin6_addr = endpoint->ip6};
	return sizeof(*ip6);
}

int endpoint_compare(const struct endpoint *one, const struct endpoint *other)
{
	if (one->family != other->family)
		return one->family < other->family ? -1 : 1;
	if (one->port != other->port)
		return one->port < other->port ? -1 : 1;
	return memcmp(&one->ip6, &other->ip6, address_size(one->family));
}

bool destination_is_name(const char *name)
{
	size_t label = 0;
	size_t length = 0;

	for (; name[length] != '\0'; length++) {
		if (name[length] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (isalnum((unsigned char)name[length]) || name[length] == '-' || name[length] == '_') {
			label++;
		} else {
			return false;
		}
	}
	return label > 0 && length <= DESTINATION_NAME_MAX;
}

const char *destination_write(const struct destination *destination, char *out)
{
	if (destination->name == NULL)
		return endpoint_write(&destination->endpoint, out);
	snprintf(out, DESTINATION_SIZE, "%s:%u", destination->name, destination->endpoint.port);
	return out;
}
