/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/listening.h"

#include "socket/listeners.h"

bool proxy_is_absent(const struct proxy *proxy)
{
	struct listeners listeners = {0};
	int result = listeners_find(proxy->port, &listeners);
	bool is_absent = result == 0 && listeners.count == 0;

	listeners_clear(&listeners);
	return is_absent;
}

/* Whether the socket that gets packets to a loopback address and this port is bound to all addresses. */
static bool is_wildcard(const struct listeners *listeners, uint8_t family)
{
	bool is_found = false;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];

		if (listener->protocol != IPPROTO_UDP || !listener_takes_family(listener, family))
			continue;
		/* one that is bound to an address gets what is sent there */
		if (!listener_is_wildcard(listener))
			return false;
		is_found = true;
	}
	return is_found;
}

bool hijack_server_is_wildcard(const struct dns_hijack *hijack)
{
	struct listeners listeners = {0};
	bool is_ip = ntohl(hijack->ip.s_addr) >> 24 == IN_LOOPBACKNET;
	bool is_ip6 = hijack->has_ip6 && IN6_IS_ADDR_LOOPBACK(&hijack->ip6);
	bool answer = false;

	if (hijack->enabled && (is_ip || is_ip6) && listeners_find(hijack->port, &listeners) == 0)
		answer = (is_ip && is_wildcard(&listeners, AF_INET)) || (is_ip6 && is_wildcard(&listeners, AF_INET6));
	listeners_clear(&listeners);
	return answer;
}
