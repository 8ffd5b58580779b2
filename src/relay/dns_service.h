/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_SERVICE_H
#define CGTPROXY_RELAY_DNS_SERVICE_H

#include "relay/dns.h"
#include "relay/dns_tcp.h"
#include "relay/raw_datagrams.h"
#include "relay/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * What the relay does with questions for names, which are what clients send to port 53, whatever the address: these
 * reach it by dns_client.h (TCP) and dns_listener.h (UDP), and are answered as dns.h says, or by a server that is asked
 * through the upstream (dns_server.h).
 */

/** Who waits for a server's answer, as a part of what it belongs to. */
struct dns_asker {
	/* takes it, with the query's id; it may be empty: then nothing is to be said */
	void (*answered)(struct dns_asker *asker, const uint8_t *answer, size_t length);
};

struct dns_client;
TAILQ_HEAD(dns_client_list, dns_client);

struct dns_datagram;
TAILQ_HEAD(dns_datagram_list, dns_datagram);

/** The connection to the server, as far as the relay's connection to the upstream: a pair of sockets is between them.
 */
struct dns_server {
	struct poll_source source;
	struct connection_owner owner;
	struct destination destination;
};

struct dns_service {
	struct relay *relay;
	struct dns dns;
	struct dns_tcp *tcp; /* NULL: there is no server */
	struct dns_server server;
	int lock; /* of the state directory; -1: none */
	struct dns_client_list clients;
	struct dns_client_list over;	    /* to be freed */
	size_t waiting;			    /* bytes for clients that do not read them */
	struct dns_datagram_list datagrams; /* that wait for the server */
	struct raw_datagrams raw;
};

/** Returns when dns_service_run() is to be called, or UINT64_MAX. */
uint64_t dns_service_next(const struct relay *relay);

/** Does what is due. */
void dns_service_run(struct relay *relay, uint64_t now);

/** Says what is to become of a query, as dns_take() does, with the time that it is now; logs what goes wrong. */
enum dns_verdict dns_service_take(struct dns_service *service, const uint8_t *query, size_t query_length,
				  uint8_t *answer, size_t *length);

/**
 * Asks the server a query of DNS_ASK.
 *
 * Returns whether the asker will be answered; or else that is a failure (dns_fail()).
 */
bool dns_service_ask(struct dns_service *service, const uint8_t *query, size_t length, struct dns_asker *asker);

/** Forgets all queries of an asker. */
void dns_service_forget(struct dns_service *service, struct dns_asker *asker);

#endif
