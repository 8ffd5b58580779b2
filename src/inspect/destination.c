/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/destination.h"

#include "util/escape.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	ADDRESS_TEXT_SIZE = INET6_ADDRSTRLEN + 32, /* with a zone */
	SHOWN_BYTES = 100,
};

static int refuse(const char *text, const char *reason, struct error *error)
{
	char shown[ESCAPED_SIZE(SHOWN_BYTES)];
	size_t length = strnlen(text, SHOWN_BYTES);

	return error_set(error, -EINVAL,
			 "--to \"%s\": %s; expected [tcp/|udp/]ADDRESS[:PORT], like 203.0.113.10, udp/203.0.113.10:53 "
			 "or [2001:db8::1]:443",
			 escape(shown, sizeof(shown), text, length), reason);
}

static const char *read_protocol(const char *text, uint8_t *protocol)
{
	static const struct {
		const char *prefix;
		uint8_t protocol;
	} prefixes[] = {{"tcp/", IPPROTO_TCP}, {"udp/", IPPROTO_UDP}};

	*protocol = 0;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(text, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0) {
			*protocol = prefixes[i].protocol;
			return text + strlen(prefixes[i].prefix);
		}
	}
	return text;
}

/*
 * Splits what follows the protocol: the address without brackets, and the port or NULL.
 *
 * Returns false for unbalanced brackets and an address that is too long.
 */
static bool split(const char *text, char address[static ADDRESS_TEXT_SIZE], const char **port)
{
	const char *colon = strchr(text, ':');
	const char *begin = text;
	const char *end = text + strlen(text);

	*port = NULL;
	if (*text == '[') {
		begin = text + 1;
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*port = end[1] == ':' ? end + 2 : NULL;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		end = colon;
		*port = colon + 1;
	}
	if (end - begin >= ADDRESS_TEXT_SIZE)
		return false;
	memcpy(address, begin, (size_t)(end - begin));
	address[end - begin] = '\0';
	return true;
}

static bool read_port(const char *text, uint16_t *port)
{
	unsigned long number = 0;

	if (*text == '\0' || strlen(text) > 5 || text[strspn(text, "0123456789")] != '\0')
		return false;
	number = strtoul(text, NULL, 10);
	*port = (uint16_t)number;
	return number > 0 && number <= UINT16_MAX;
}

static bool read_address(char *text, struct endpoint *endpoint)
{
	char *zone = strchr(text, '%');

	endpoint->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	if (zone != NULL) {
		if (endpoint->family == AF_INET || zone[1] == '\0')
			return false;
		*zone = '\0';
	}
	return inet_pton(endpoint->family, text, &endpoint->ip6) == 1;
}

/* The address that the kernel makes of one. */
static void normalize(struct endpoint *endpoint)
{
	struct in_addr ip;

	if (endpoint->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&endpoint->ip6)) {
		memcpy(&ip, &endpoint->ip6.s6_addr[12], sizeof(ip));
		endpoint->family = AF_INET;
		endpoint->ip = ip;
	}
	if (endpoint->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&endpoint->ip6))
		endpoint->ip6 = in6addr_loopback;
	if (endpoint->family == AF_INET && endpoint->ip.s_addr == htonl(INADDR_ANY))
		endpoint->ip.s_addr = htonl(INADDR_LOOPBACK);
}

int destination_read(const char *text, struct destination *destination, struct error *error)
{
	struct rtnetlink rtnetlink = {0};
	char address[ADDRESS_TEXT_SIZE];
	const char *port = NULL;
	int result = 0;

	*destination = (struct destination){0};
	if (!split(read_protocol(text, &destination->protocol), address, &port))
		return refuse(text, _("no address"), error);
	if (!read_address(address, &destination->to))
		return refuse(text, _("not an address (names are not looked up)"), error);
	if (port != NULL && !read_port(port, &destination->to.port))
		return refuse(text, _("not a port"), error);
	normalize(&destination->to);
	result = address_type_find(&rtnetlink, &destination->to, &destination->type);
	rtnetlink_close(&rtnetlink);
	return result < 0 ? error_set(error, result, "can't look up the route to --to: %s", strerror(-result)) : 0;
}
