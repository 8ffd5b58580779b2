/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_CLIENT_H
#define CGTPROXY_RELAY_DNS_CLIENT_H

#include "relay/dns_service.h"

/*
 * Clients that ask over TCP (RFC 7766), with any number of queries on a connection. Answers come in the order in which
 * they are there. Who leaves too much unanswered or unread is read no further, and a connection on which nothing comes
 * to an end for DNS_CLIENT_IDLE is ended.
 */

enum {
	DNS_CLIENT_QUERIES_MAX = 64,		   /* of one client, that wait for the server's answers */
	DNS_CLIENT_OUTPUT_MAX = 64 * 1024,	   /* bytes that a client has not read, until it is read no further */
	DNS_CLIENTS_OUTPUT_MAX = 16 * 1024 * 1024, /* of all clients; those who would have more are ended */
};

/** In usec. */
#define DNS_CLIENT_IDLE (UINT64_C(20) * 1000000)

/**
 * Takes over a client's socket, which is closed whatever happens.
 *
 * @source: counts it, or NULL
 *
 * Returns 0 or a negative errno.
 */
int dns_client_begin(struct relay *relay, int fd, struct source *source);

/** Ends all of them. */
void dns_clients_end(struct dns_service *service);

/** Frees those that are over. */
void dns_clients_bury(struct dns_service *service);

#endif
