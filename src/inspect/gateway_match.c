/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/gateway_match.h"

#include <string.h>

bool network_contains(const struct network *network, const struct endpoint *address)
{
	const uint8_t *one = (const uint8_t *)&network->ip6;
	const uint8_t *other = (const uint8_t *)&address->ip6;
	const unsigned whole = network->prefix / 8;
	const unsigned bits = network->prefix % 8;

	if (network->family != address->family || memcmp(one, other, whole) != 0)
		return false;
	return bits == 0 || ((one[whole] ^ other[whole]) >> (8 - bits)) == 0;
}

static bool is_name_of(const struct gateway_value *value, const char *interface)
{
	const size_t length = strnlen(value->interface, sizeof(value->interface));

	if (length > 0 && value->interface[length - 1] == '*')
		return *interface != '\0' && strncmp(value->interface, interface, length - 1) == 0;
	return strncmp(value->interface, interface, sizeof(value->interface)) == 0;
}

bool gateway_rule_names(const struct gateway_rule *rule, const char *interface)
{
	for (size_t i = 0; rule->selector == GATEWAY_INTERFACE && i < rule->value_count; i++) {
		if (is_name_of(&rule->values[i], interface))
			return true;
	}
	return false;
}

const char *gateway_absent_interface(const struct gateway_rule *rule, size_t value, const struct links *links)
{
	const char *name = rule->values[value].interface;

	if (rule->selector != GATEWAY_INTERFACE || memchr(name, '*', IFNAMSIZ) != NULL)
		return NULL;
	for (size_t i = 0; i < links->count; i++) {
		if (strncmp(links->items[i].name, name, IFNAMSIZ) == 0)
			return NULL;
	}
	return name;
}

/* Of a config that is known from what is in force only, a rule has no values. */
bool gateway_rule_reaches(const struct gateway_rule *rule, const char *interface)
{
	return rule->selector != GATEWAY_INTERFACE || rule->value_count == 0 || gateway_rule_names(rule, interface);
}

static bool matches(enum gateway_selector selector, const struct gateway_value *value, const struct sender *sender)
{
	switch (selector) {
	case GATEWAY_INTERFACE:
		return is_name_of(value, sender->interface);
	case GATEWAY_SOURCE:
		return network_contains(&value->source, &sender->source);
	case GATEWAY_MAC:
		return sender->has_mac && memcmp(value->mac, sender->mac, sizeof(value->mac)) == 0;
	}
	return false;
}

bool gateway_rule_matches(const struct gateway_rule *rule, const struct sender *sender)
{
	for (size_t i = 0; i < rule->value_count; i++) {
		if (matches(rule->selector, &rule->values[i], sender))
			return true;
	}
	return false;
}
