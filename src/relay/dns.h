/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_H
#define CGTPROXY_RELAY_DNS_H

#include "relay/dns_message.h"
#include "relay/fake_ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is said to a query. With fake addresses, a name that can be a host's has them, whether it exists or not, which
 * only the far end knows: A, AAAA and ANY are answered with them, and HTTPS and SVCB, which could have addresses too,
 * with nothing. TTLs are 1, and what is empty has no SOA, so that it is not remembered at all. Other types are a
 * server's to answer if there is one, and empty otherwise.
 */

struct dns {
	struct fake_ip *fake_ip; /* NULL: names are a server's to answer */
	bool has_server;	 /* that dns_tcp.h asks; if false, there have to be fake addresses */
};

enum dns_verdict {
	DNS_IGNORE, /* nothing is to be sent */
	DNS_ANSWER,
	DNS_ANSWER_BUSY, /* likewise: a failure, since all fake addresses may be in use */
	DNS_ASK,	 /* the server */
};

/**
 * Says what is to become of a query.
 *
 * @now:    of CLOCK_MONOTONIC in usec
 * @answer: DNS_ANSWER_MAX bytes, which fit any client
 * @length: set to the answer's length if there is one
 */
enum dns_verdict dns_take(const struct dns *dns, const uint8_t *query, size_t query_length, uint64_t now,
			  uint8_t *answer, size_t *length);

/**
 * Writes the answer to a query that the server does not answer.
 *
 * @answer: DNS_ANSWER_MAX bytes
 *
 * Returns its length, or 0 if nothing is to be sent.
 */
size_t dns_fail(const uint8_t *query, size_t query_length, uint8_t *answer);

/**
 * Has an answer fit what a client takes by UDP.
 *
 * @query:  the client's, with which dns_take() returned DNS_ASK
 * @length: of the answer; set to that of what is returned
 * @buffer: DNS_ANSWER_MAX bytes
 *
 * Returns the answer, or a shorter one in the buffer.
 */
const uint8_t *dns_fit(const uint8_t *query, size_t query_length, const uint8_t *answer, size_t *length,
		       uint8_t *buffer);

#endif
