/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/gateway_value.h"

#include "config/value.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAC_LENGTH = 3 * ETH_ALEN - 1 }; /* as a text */

const char *gateway_value_expected(enum gateway_selector selector)
{
	switch (selector) {
	case GATEWAY_INTERFACE:
		return _("the name of an interface, at most 15 bytes without spaces, \"/\" and \":\", like br0, or a "
			 "prefix and \"*\", like lan*");
	case GATEWAY_SOURCE:
		return _("an IPv4 or IPv6 address or CIDR, like 192.168.50.7 or fd00:50::/64");
	case GATEWAY_MAC:
		return _("a MAC address, like 52:54:00:aa:bb:cc");
	}
	return "";
}

static bool refuse(struct fy_node *node, const struct key *key, const char *fault, struct diagnostics *diagnostics)
{
	char shown[YAML_SHOWN_SIZE];

	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "%s: %s %s", key_label(key), yaml_show(node, shown),
		 fault);
	return false;
}

/* Whether an interface can have a name, as far as the kernel is concerned (dev_valid_name()). */
static bool is_possible_name(const char *name)
{
	return *name != '\0' && strpbrk(name, "/: \t\n\v\f\r") == NULL && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

/* Names could have these characters, but who writes them means patterns, and "*" at the end stands for all of them. */
static bool is_other_pattern(const char *name)
{
	const size_t length = strlen(name);
	const size_t stem = length - (name[length - 1] == '*');

	return strcspn(name, "*?[") < stem || name[length - 1] == '+';
}

static bool read_interface(struct fy_node *node, const struct key *key, struct gateway_value *value,
			   struct diagnostics *diagnostics)
{
	char name[IFNAMSIZ] = "";
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	if (text != NULL && length < sizeof(name) && memchr(text, '\0', length) == NULL && !yaml_is_null(node))
		memcpy(name, text, length);
	if (!is_possible_name(name))
		return yaml_expected(node, key_label(key), gateway_value_expected(GATEWAY_INTERFACE), diagnostics);
	if (is_other_pattern(name))
		return refuse(node, key, _("is not a name, and the only pattern is a prefix and \"*\", like lan*"),
			      diagnostics);
	if (strcmp(name, "lo") == 0)
		return refuse(node, key,
			      _("carries this host's own traffic, which is selected by cgroup under \"rules\""),
			      diagnostics);
	memcpy(value->interface, name, sizeof(name));
	return true;
}

static bool is_unspecified(const struct network *source)
{
	return source->family == AF_INET ? source->prefix == 32 && source->ip.s_addr == INADDR_ANY
					 : source->prefix == 128 && IN6_IS_ADDR_UNSPECIFIED(&source->ip6);
}

/* Its host bits are zero, so a network that begins with 127, or is ::1, is not larger than these. */
static bool is_loopback(const struct network *source)
{
	return source->family == AF_INET ? ntohl(source->ip.s_addr) >> 24 == IN_LOOPBACKNET
					 : IN6_IS_ADDR_LOOPBACK(&source->ip6);
}

static bool is_multicast(const struct network *source)
{
	/* 224.0.0.0/3 has more than the multicast addresses */
	return source->family == AF_INET ? source->prefix > 3 && IN_MULTICAST(ntohl(source->ip.s_addr))
					 : IN6_IS_ADDR_MULTICAST(&source->ip6);
}

static bool read_source(struct fy_node *node, const struct key *key, struct gateway_value *value,
			struct diagnostics *diagnostics)
{
	struct network source;

	if (!value_is_network(node, &source))
		return yaml_expected(node, key_label(key), gateway_value_expected(GATEWAY_SOURCE), diagnostics);
	if (is_unspecified(&source))
		return refuse(node, key,
			      _("is no packet's source; all addresses are 0.0.0.0/0 for IPv4 and ::/0 for IPv6"),
			      diagnostics);
	if (is_loopback(&source))
		return refuse(node, key, _("is this host itself, whose traffic is selected by cgroup under \"rules\""),
			      diagnostics);
	if (is_multicast(&source))
		return refuse(node, key, _("is multicast, which no packet comes from"), diagnostics);
	value->source = source;
	return true;
}

/* @text: MAC_LENGTH characters */
static bool parse_mac(const char *text, uint8_t *mac)
{
	const char separator = text[2];

	for (size_t i = 0; i < ETH_ALEN; i++) {
		const char pair[] = {text[3 * i], text[3 * i + 1], '\0'};

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]) ||
		    (i + 1 < ETH_ALEN && text[3 * i + 2] != separator))
			return false;
		mac[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return separator == ':' || separator == '-';
}

static bool read_mac(struct fy_node *node, const struct key *key, struct gateway_value *value,
		     struct diagnostics *diagnostics)
{
	static const uint8_t zero[ETH_ALEN];
	uint8_t mac[ETH_ALEN];
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	if (text == NULL || length != MAC_LENGTH || !parse_mac(text, mac))
		return yaml_expected(node, key_label(key), gateway_value_expected(GATEWAY_MAC), diagnostics);
	if (mac[0] & 1)
		return refuse(node, key, _("is multicast, which no packet comes from"), diagnostics);
	if (memcmp(mac, zero, sizeof(mac)) == 0)
		return refuse(node, key, _("is the address of no device"), diagnostics);
	memcpy(value->mac, mac, sizeof(mac));
	return true;
}

bool read_gateway_value(struct fy_node *node, const struct key *key, struct gateway_value *value,
			struct diagnostics *diagnostics)
{
	switch ((enum gateway_selector)key->choice) {
	case GATEWAY_INTERFACE:
		return read_interface(node, key, value, diagnostics);
	case GATEWAY_SOURCE:
		return read_source(node, key, value, diagnostics);
	case GATEWAY_MAC:
		return read_mac(node, key, value, diagnostics);
	}
	return false;
}
