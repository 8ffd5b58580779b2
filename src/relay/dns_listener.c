/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_listener.h"

#include "relay/answers.h"
#include "relay/dns_service.h"
#include "util/clock.h"
#include "util/container_of.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)RAW_DATAGRAM_MAX >= (int)DNS_UDP_MAX, "all answers can be sent");
_Static_assert((int)RAW_DATAGRAM_MAX >= (int)DNS_ANSWER_MAX, "and so can ours");

/* A question that waits for the server's answer. */
struct dns_datagram {
	struct dns_asker asker;
	struct relay *relay;
	TAILQ_ENTRY(dns_datagram) entry;
	struct endpoint client;
	struct endpoint destination;
	size_t length;
	uint8_t query[];
};

bool dns_listener_wants(const struct relay *relay, const struct endpoint *destination)
{
	return relay->dns != NULL && destination->port == DNS_PORT;
}

/* The answer comes from the address that was asked. */
static void send_answer(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
			const uint8_t *answer, size_t length)
{
	const struct destination shown = {.endpoint = *destination};
	char text[256];
	int result = 0;

	if (length == 0)
		return;
	result = raw_datagrams_send(&relay->dns->raw, destination, client, answer, length);
	if (result == -EPERM) {
		/* without CAP_NET_RAW, CAP_NET_ADMIN may do */
		answers_send(relay, client, destination, answer, length);
	} else if (result < 0 && result != -EAGAIN) {
		snprintf(text, sizeof(text), _("can't send its answer to the client: %s"), strerror(-result));
		failures_log(&relay->failures, FAILURE_ANSWER, (uint32_t)-result, clock_now(), &shown, text);
	}
}

static void forget(struct dns_datagram *datagram)
{
	TAILQ_REMOVE(&datagram->relay->dns->datagrams, datagram, entry);
	free(datagram);
}

static void on_answer(struct dns_asker *asker, const uint8_t *answer, size_t length)
{
	struct dns_datagram *datagram = CONTAINER_OF(struct dns_datagram, asker, asker);
	uint8_t buffer[DNS_ANSWER_MAX];

	answer = dns_fit(datagram->query, datagram->length, answer, &length, buffer);
	send_answer(datagram->relay, &datagram->client, &datagram->destination, answer,
		    length <= RAW_DATAGRAM_MAX ? length : 0);
	forget(datagram);
}

/* Returns whether the server is asked. */
static bool ask(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
		const uint8_t *query, size_t length)
{
	struct dns_datagram *datagram = malloc(sizeof(*datagram) + length);

	if (datagram == NULL)
		return false;
	*datagram = (struct dns_datagram){
		.asker = {on_answer},
		.relay = relay,
		.client = *client,
		.destination = *destination,
		.length = length,
	};
	memcpy(datagram->query, query, length);
	TAILQ_INSERT_TAIL(&relay->dns->datagrams, datagram, entry);
	if (dns_service_ask(relay->dns, query, length, &datagram->asker))
		return true;
	forget(datagram);
	return false;
}

void dns_listener_take(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
		       const void *data, size_t length)
{
	uint8_t answer[DNS_ANSWER_MAX];
	size_t answer_length = 0;

	if (dns_service_take(relay->dns, data, length, answer, &answer_length) == DNS_ASK) {
		if (ask(relay, client, destination, data, length))
			return;
		answer_length = dns_fail(data, length, answer);
	}
	send_answer(relay, client, destination, answer, answer_length);
}

void dns_listener_end(struct relay *relay)
{
	while (!TAILQ_EMPTY(&relay->dns->datagrams)) {
		struct dns_datagram *datagram = TAILQ_FIRST(&relay->dns->datagrams);

		dns_service_forget(relay->dns, &datagram->asker);
		forget(datagram);
	}
}
