/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/routing.h"

#include <sys/socket.h>

size_t routing_rule_count(const struct routing *wanted)
{
	return wanted->mark_count + (wanted->gateway != NULL ? GATEWAY_POLICY_RULES : 0);
}

const char *route_family_name(size_t family)
{
	return family == FAMILY_IPV4 ? "IPv4" : "IPv6";
}

int route_address_family(size_t family)
{
	return family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}
