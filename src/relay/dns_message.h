/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_MESSAGE_H
#define CGTPROXY_RELAY_DNS_MESSAGE_H

#include "relay/ldns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * DNS messages as bytes (RFC 1035), read and written with ldns. ldns_wire2pkt() is not used: it loses memory for each
 * further TSIG record, and follows pointers without end for each of thousands of records.
 */

enum {
	DNS_HEADER_SIZE = 12,
	DNS_QUERY_MAX = 4096,  /* bytes of a query; some hundred with all that clients add */
	DNS_ANSWER_MAX = 512,  /* bytes of an answer of ours, which any client takes */
	DNS_UDP_DEFAULT = 512, /* bytes that a client takes by UDP, unless it says that it takes more */
	DNS_UDP_MAX = 1232,    /* that it is sent, lest IPv6 has to fragment it (dnsflagday.net/2020) */
	DNS_MESSAGE_MAX = UINT16_MAX,
};

/** A query. */
struct dns_query {
	ldns_rr *question; /* its only one */
	uint16_t id;
	bool recursion_desired;
	bool checking_disabled;
	bool has_edns;
	bool dnssec_ok;
	uint8_t edns_version;
	uint16_t udp_size; /* bytes that the client takes by UDP */
};

/**
 * Reads a query. Where this returns 0, it has one question of type QUERY, in whatever class, and nothing but additional
 * records, and dns_query_clear() has to be called.
 *
 * Returns 0, a positive response code (RFC 1035, 4.1.1) for dns_header_answer(), -ENOMEM, or -EBADMSG for what is not
 * to be answered: no header, or itself an answer.
 */
int dns_query_read(struct dns_query *query, const uint8_t *message, size_t length);

/** Frees what it has. */
void dns_query_clear(struct dns_query *query);

/**
 * Writes an answer to a query.
 *
 * @code:   response code, also an extended one if the query has EDNS (RFC 6891)
 * @answer: records of the answer section, or NULL
 * @out:    DNS_ANSWER_MAX bytes
 *
 * Returns its length, or 0 if out of memory or it does not fit.
 */
size_t dns_query_answer(const struct dns_query *query, uint16_t code, ldns_rr_list *answer, uint8_t *out);

/**
 * Writes an answer to a message that can't be read: nothing but a header.
 *
 * @message: at least DNS_HEADER_SIZE bytes
 * @out:     likewise
 *
 * Returns its length.
 */
size_t dns_header_answer(const uint8_t *message, uint8_t code, uint8_t *out);

/**
 * Shortens an answer to what fits a client (RFC 2181, section 9): nothing but the question, so that the client asks
 * again by TCP.
 *
 * @message: with a header at least
 * @query:   the client's
 * @out:     DNS_ANSWER_MAX bytes
 *
 * Returns its length.
 */
size_t dns_truncate(const uint8_t *message, const struct dns_query *query, uint8_t *out);

/**
 * Reads the question of a message that has one, and says nothing more of it. It must not be compressed.
 *
 * @end: set to where it ends, or NULL
 *
 * Returns it, for ldns_rr_free(); or NULL if there is none, or more than one, or out of memory.
 */
ldns_rr *dns_read_question(const uint8_t *message, size_t length, size_t *end);

#endif
