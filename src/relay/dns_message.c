/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ADDITIONAL_MAX = 8,	 /* records of a query: OPT, and a signature */
	QUESTION_FIXED_SIZE = 4, /* type and class */
	DO_BIT = 0x8000,	 /* of the flags of EDNS */
};

ldns_rr *dns_read_question(const uint8_t *message, size_t length, size_t *end)
{
	size_t at = DNS_HEADER_SIZE;
	ldns_rr *question = NULL;

	if (length < DNS_HEADER_SIZE || LDNS_QDCOUNT(message) != 1)
		return NULL;
	if (ldns_wire2rr(&question, message, length, &at, LDNS_SECTION_QUESTION) != LDNS_STATUS_OK)
		return NULL;
	/* there is no name before it that it could point to */
	if (at != DNS_HEADER_SIZE + ldns_rdf_size(ldns_rr_owner(question)) + QUESTION_FIXED_SIZE) {
		ldns_rr_free(question);
		return NULL;
	}
	if (end != NULL)
		*end = at;
	return question;
}

/* Takes what an OPT record says; false if it says something that it must not. */
static bool take_edns(struct dns_query *query, const ldns_rr *record)
{
	const uint32_t flags = ldns_rr_ttl(record);
	const uint16_t size = ldns_rr_get_class(record);

	if (query->has_edns || ldns_rdf_size(ldns_rr_owner(record)) != 1)
		return false;
	query->has_edns = true;
	query->edns_version = (uint8_t)(flags >> 16);
	query->dnssec_ok = (flags & DO_BIT) != 0;
	query->udp_size = size > DNS_UDP_DEFAULT ? size : DNS_UDP_DEFAULT;
	if (query->udp_size > DNS_UDP_MAX)
		query->udp_size = DNS_UDP_MAX;
	return true;
}

static bool take_additional(struct dns_query *query, const uint8_t *message, size_t length, size_t at)
{
	const unsigned count = LDNS_ARCOUNT(message);

	if (count > ADDITIONAL_MAX)
		return false;
	for (unsigned i = 0; i < count; i++) {
		ldns_rr *record = NULL;
		bool is_right = true;

		if (ldns_wire2rr(&record, message, length, &at, LDNS_SECTION_ADDITIONAL) != LDNS_STATUS_OK)
			return false;
		if (ldns_rr_get_type(record) == LDNS_RR_TYPE_OPT)
			is_right = take_edns(query, record);
		ldns_rr_free(record);
		if (!is_right)
			return false;
	}
	return true;
}

int dns_query_read(struct dns_query *query, const uint8_t *message, size_t length)
{
	size_t end = 0;

	*query = (struct dns_query){.udp_size = DNS_UDP_DEFAULT};
	if (length < DNS_HEADER_SIZE || LDNS_QR_WIRE(message) != 0)
		return -EBADMSG;
	if (LDNS_OPCODE_WIRE(message) != LDNS_PACKET_QUERY)
		return LDNS_RCODE_NOTIMPL;
	if (length > DNS_QUERY_MAX || LDNS_ANCOUNT(message) != 0 || LDNS_NSCOUNT(message) != 0)
		return LDNS_RCODE_FORMERR;
	query->question = dns_read_question(message, length, &end);
	if (query->question == NULL)
		return LDNS_RCODE_FORMERR;
	query->id = LDNS_ID_WIRE(message);
	query->recursion_desired = LDNS_RD_WIRE(message) != 0;
	query->checking_disabled = LDNS_CD_WIRE(message) != 0;
	if (take_additional(query, message, length, end))
		return 0;
	dns_query_clear(query);
	return LDNS_RCODE_FORMERR;
}

void dns_query_clear(struct dns_query *query)
{
	ldns_rr_free(query->question);
	query->question = NULL;
}

static void set_flags(ldns_pkt *packet, const struct dns_query *query, uint16_t code)
{
	ldns_pkt_set_id(packet, query->id);
	ldns_pkt_set_qr(packet, true);
	ldns_pkt_set_rd(packet, query->recursion_desired);
	ldns_pkt_set_ra(packet, true);
	ldns_pkt_set_cd(packet, query->checking_disabled);
	ldns_pkt_set_rcode(packet, code & LDNS_RCODE_MASK);
	if (!query->has_edns)
		return;
	ldns_pkt_set_edns_udp_size(packet, DNS_UDP_MAX);
	ldns_pkt_set_edns_do(packet, query->dnssec_ok);
	ldns_pkt_set_edns_extended_rcode(packet, (uint8_t)(code >> 4));
}

size_t dns_query_answer(const struct dns_query *query, uint16_t code, ldns_rr_list *answer, uint8_t *out)
{
	ldns_pkt *packet = ldns_pkt_new();
	ldns_rr *question = ldns_rr_clone(query->question);
	uint8_t *wire = NULL;
	size_t length = 0;
	bool is_whole = packet != NULL && question != NULL;

	if (is_whole && ldns_pkt_push_rr(packet, LDNS_SECTION_QUESTION, question))
		question = NULL;
	is_whole = is_whole && question == NULL;
	if (is_whole) {
		set_flags(packet, query, code);
		for (size_t i = 0; answer != NULL && i < ldns_rr_list_rr_count(answer); i++) {
			ldns_rr *record = ldns_rr_clone(ldns_rr_list_rr(answer, i));

			if (record == NULL || !ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER, record)) {
				ldns_rr_free(record);
				is_whole = false;
			}
		}
	}
	if (!is_whole || ldns_pkt2wire(&wire, packet, &length) != LDNS_STATUS_OK || length > DNS_ANSWER_MAX)
		length = 0;
	if (length > 0)
		memcpy(out, wire, length);
	LDNS_FREE(wire);
	ldns_rr_free(question);
	ldns_pkt_free(packet);
	return length;
}

size_t dns_header_answer(const uint8_t *message, uint8_t code, uint8_t *out)
{
	memset(out, 0, DNS_HEADER_SIZE);
	memcpy(out, message, sizeof(uint16_t));
	LDNS_QR_SET(out);
	LDNS_OPCODE_SET(out, LDNS_OPCODE_WIRE(message));
	if (LDNS_RD_WIRE(message) != 0)
		LDNS_RD_SET(out);
	LDNS_RA_SET(out);
	LDNS_RCODE_SET(out, code);
	return DNS_HEADER_SIZE;
}

size_t dns_truncate(const uint8_t *message, const struct dns_query *query, uint8_t *out)
{
	size_t written = dns_query_answer(query, LDNS_RCODE_NOERROR, NULL, out);

	if (written == 0)
		written = dns_header_answer(message, LDNS_RCODE_NOERROR, out);
	/* what it says of itself is the answer's */
	out[2] = message[2];
	out[3] = message[3];
	LDNS_TC_SET(out);
	return written;
}
