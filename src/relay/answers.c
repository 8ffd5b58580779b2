/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/answers.h"

#include "relay/own_address.h"
#include "util/clock.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Whether it is of a kind that a foreign host can have. */
static bool is_unicast(const struct endpoint *address)
{
	if (address->family == AF_INET) {
		const uint32_t ip = ntohl(address->ip.s_addr);

		return ip >> 24 != 0 && ip >> 24 != IN_LOOPBACKNET && ip < INADDR_UNSPEC_GROUP;
	}
	return !IN6_IS_ADDR_UNSPECIFIED(&address->ip6) && !IN6_IS_ADDR_LOOPBACK(&address->ip6) &&
	       !IN6_IS_ADDR_MULTICAST(&address->ip6) && !IN6_IS_ADDR_LINKLOCAL(&address->ip6);
}

/* A socket bound to an address of this host would take datagrams from whom they are meant for. */
static int check_source(struct relay *relay, const struct endpoint *client, const struct endpoint *source)
{
	bool is_own = false;
	int result = 0;

	if (source->family != client->family || source->port == 0 || !is_unicast(source))
		return -EADDRNOTAVAIL;
	result = own_addresses_find(&relay->datagrams.own, &relay->netlink, source, clock_now(), &is_own);
	return result == 0 && is_own ? -EADDRNOTAVAIL : result;
}

static int answer(struct relay *relay, const struct endpoint *client, const struct endpoint *source, const void *data,
		  size_t length)
{
	struct sockaddr_storage address;
	const socklen_t address_length = endpoint_to_sockaddr(client, &address);
	int result = check_source(relay, client, source);

	if (result == 0)
		result = answer_sockets_get(&relay->datagrams.answers, source);
	if (result < 0)
		return result;
	return sendto(result, data, length, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
		      address_length) < 0
		       ? -errno
		       : 0;
}

void answers_send(struct relay *relay, const struct endpoint *client, const struct endpoint *source, const void *data,
		  size_t length)
{
	const struct destination shown = {.endpoint = *source};
	const int result = answer(relay, client, source, data, length);
	char text[512];

	/* a full queue loses datagrams, as queues do */
	if (result >= 0 || result == -EAGAIN)
		return;
	if (result == -EADDRNOTAVAIL)
		snprintf(text, sizeof(text), _("ignored an answer: no foreign host can send from this address"));
	else
		snprintf(text, sizeof(text), _("can't send its answer to the client: %s"), strerror(-result));
	failures_log(&relay->failures, FAILURE_ANSWER, (uint32_t)-result, clock_now(), &shown, text);
}
