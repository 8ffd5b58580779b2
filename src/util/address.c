/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/address.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *endpoint_write(const struct endpoint *endpoint, char *out)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(endpoint->family, &endpoint->ip6, address, sizeof(address));
	if (endpoint->port == 0)
		snprintf(out, ENDPOINT_SIZE, "%s", address);
	else
		snprintf(out, ENDPOINT_SIZE, endpoint->family == AF_INET ? "%s:%u" : "[%s]:%u", address,
			 endpoint->port);
	return out;
}
