/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_name.h"

#include <ctype.h>
#include <string.h>

static char text_of(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (char)(byte - 'A' + 'a');
	if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_')
		return (char)byte;
	return '\\';
}

void dns_name_text(const ldns_rdf *name, char *text)
{
	const uint8_t *at = ldns_rdf_data(name);
	const uint8_t *const end = at + ldns_rdf_size(name);
	size_t used = 0;

	while (at<end && * at> 0) {
		const uint8_t *const label_end = at + 1 + *at;

		if (label_end > end || used + (size_t)(label_end - at) >= DNS_NAME_SIZE)
			break;
		if (used > 0)
			text[used++] = '.';
		for (at++; at < label_end; at++)
			text[used++] = text_of(*at);
	}
	text[used] = '\0';
}

/* Returns whether it is a name, or below it. */
static bool is_below(const char *text, const char *name)
{
	const size_t length = strlen(text);
	const size_t name_length = strlen(name);

	if (length < name_length || strcmp(text + length - name_length, name) != 0)
		return false;
	return length == name_length || text[length - name_length - 1] == '.';
}

/* Reads a number up to 255, without zeros before it and with a dot behind. */
static bool take_byte(const char **text, uint8_t *byte)
{
	unsigned value = 0;
	size_t digits = 0;

	for (; isdigit((unsigned char)(*text)[digits]) && digits < 3; digits++)
		value = 10 * value + (unsigned)((*text)[digits] - '0');
	if (digits == 0 || (*text)[digits] != '.' || value > UINT8_MAX || (digits > 1 && **text == '0'))
		return false;
	*byte = (uint8_t)value;
	*text += digits + 1;
	return true;
}

/* "4.3.2.1.in-addr.arpa" */
static bool read_reverse_ip(const char *text, struct in_addr *ip)
{
	uint8_t bytes[sizeof(*ip)] = {0};

	for (size_t i = sizeof(bytes); i > 0; i--) {
		if (!take_byte(&text, &bytes[i - 1]))
			return false;
	}
	memcpy(ip, bytes, sizeof(bytes));
	return strcmp(text, "in-addr.arpa") == 0;
}

/* 32 digits, the last one of the address first, each with a dot, and "ip6.arpa" */
static bool read_reverse_ip6(const char *text, struct in6_addr *ip6)
{
	static const char digits[] = "0123456789abcdef";

	memset(ip6, 0, sizeof(*ip6));
	for (size_t i = 0; i < 2 * sizeof(*ip6); i++) {
		const char *digit = *text != '\0' ? strchr(digits, *text) : NULL;
		const size_t byte = sizeof(*ip6) - 1 - i / 2;

		if (digit == NULL || text[1] != '.')
			return false;
		ip6->s6_addr[byte] |= (uint8_t)((digit - digits) << (i % 2 * 4));
		text += 2;
	}
	return strcmp(text, "ip6.arpa") == 0;
}

static bool read_reverse(const char *text, struct endpoint *address)
{
	*address = (struct endpoint){.family = AF_INET};
	if (read_reverse_ip(text, &address->ip))
		return true;
	*address = (struct endpoint){.family = AF_INET6};
	return read_reverse_ip6(text, &address->ip6);
}

/*
 * Returns whether a name ends with a number, which no name of a host does. Programs take some of these for addresses
 * (inet_aton(3): "127.1", "0x7f000001"), and so might a proxy.
 */
static bool is_number(const char *text)
{
	const char *dot = strrchr(text, '.');
	const char *last = dot != NULL ? dot + 1 : text;

	if (strncmp(last, "0x", 2) == 0)
		return last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
	return *last != '\0' && last[strspn(last, "0123456789")] == '\0';
}

enum dns_name_kind dns_name_kind(const char *text, struct endpoint *address)
{
	if (*text == '\0')
		return DNS_NAME_ROOT;
	if (is_below(text, "localhost"))
		return DNS_NAME_LOCALHOST;
	if (is_below(text, "arpa"))
		return read_reverse(text, address) ? DNS_NAME_REVERSE : DNS_NAME_ARPA;
	if (is_below(text, "local"))
		return DNS_NAME_LINK;
	if (is_below(text, "invalid") || is_number(text) || strchr(text, '.') == NULL)
		return DNS_NAME_NOWHERE;
	return DNS_NAME_ORDINARY;
}
