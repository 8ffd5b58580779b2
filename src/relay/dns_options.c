/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_options.h"

#include "relay/fake_network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	NETWORK_SIZE = INET6_ADDRSTRLEN + sizeof("/128"),
	MULTICAST_IP =
		224, /* the first byte of these addresses, and of those behind them, which are no host's either */
	LINK_LOCAL_IP6 = 0xfe, /* likewise; multicast is behind them */
};

/* Reads the prefix length, which leaves nothing of the address behind it. */
static bool parse_prefix(const char *text, struct network *network)
{
	const uint8_t *address = (const uint8_t *)&network->ip6;
	const unsigned bits = network->family == AF_INET ? 32 : 128;
	char *end = NULL;
	unsigned long prefix = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	prefix = strtoul(text, &end, 10);
	if (*end != '\0' || prefix < 1 || prefix > bits)
		return false;
	network->prefix = (unsigned)prefix;
	for (unsigned bit = network->prefix; bit < bits; bit++) {
		if ((address[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return false;
	}
	return true;
}

/* The greatest first byte of its addresses. */
static unsigned last_byte(const struct network *network)
{
	const uint8_t first = *(const uint8_t *)&network->ip6;

	return network->prefix >= 8 ? first : first | 0xffU >> network->prefix;
}

/* Addresses that are this host's, on one link only, or nobody's, can't be used. */
static bool is_usable(const struct network *network)
{
	const unsigned first = *(const uint8_t *)&network->ip6;
	const unsigned last = last_byte(network);
	const struct endpoint loopback = {.family = AF_INET6, .ip6 = IN6ADDR_LOOPBACK_INIT};

	if (network->family == AF_INET)
		return first != 0 && last < MULTICAST_IP && (last < IN_LOOPBACKNET || first > IN_LOOPBACKNET);
	return last < LINK_LOCAL_IP6 && !fake_network_covers(network, &loopback);
}

static bool parse_network(const char *text, size_t length, struct network *network)
{
	char copy[NETWORK_SIZE] = "";
	char *slash = NULL;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	slash = strchr(copy, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	*network = (struct network){.family = strchr(copy, ':') != NULL ? AF_INET6 : AF_INET};
	return inet_pton(network->family, copy, &network->ip6) == 1 && parse_prefix(slash + 1, network) &&
	       is_usable(network);
}

bool fake_networks_parse(const char *text, struct dns_options *options)
{
	struct network ip = {.family = AF_INET};
	struct network ip6 = {.family = AF_INET6};

	for (const char *rest = text; rest != NULL;) {
		const size_t length = strcspn(rest, ",");
		struct network network;
		struct network *place = NULL;

		if (!parse_network(rest, length, &network))
			return false;
		place = network.family == AF_INET ? &ip : &ip6;
		if (place->prefix != 0)
			return false;
		*place = network;
		rest = rest[length] == ',' ? rest + length + 1 : NULL;
	}
	if (fake_network_size(&ip, &ip6, 1) == 0)
		return false;
	options->ip = ip;
	options->ip6 = ip6;
	return true;
}
