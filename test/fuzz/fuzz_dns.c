/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a DNS query. What is answered is an answer to it, with its question as it was, that any client takes;
 * the addresses in it are those of the name that was asked for, and stay with it. A server is asked only for what is a
 * query, and what it answers fits afterwards.
 *
 * Input: a byte for what the relay has, and the query.
 */

#include "fuzz.h"

#include "relay/dns.h"

#include <string.h>

enum {
	NAMES = 16,
	HEADER = 12,
	LARGE = 2000,	    /* bytes of an answer that fits no client by UDP */
	RECORDS_MAX = 2,    /* one of each family */
	OPCODE_MASK = 0x78, /* in the third byte */
};

static uint64_t now = UINT64_C(86400) * 1000000;

/* A map that is full soon. */
static struct fake_ip *fake_map(void)
{
	static struct fake_ip *map;
	struct fake_ip_options options;
	struct error error;

	fake_ip_defaults(&options);
	options.names_max = NAMES;
	if (map == NULL)
		map = fake_ip_new(&options, now, &error);
	CHECK(map != NULL);
	return map;
}

static unsigned number_at(const uint8_t *bytes, size_t at)
{
	return (unsigned)bytes[at] << 8 | bytes[at + 1];
}

/* What a byte of a label is in a text: lower case, and the ones that texts can't have are none that fake names have. */
static char text_of(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (char)(byte + 32);
	return byte == '\0' || byte == '.' ? '?' : (char)byte;
}

/* Returns where the question ends, or 0 if it is not whole. @name: receives its name */
static size_t read_question(const uint8_t *message, size_t length, char *name)
{
	size_t at = HEADER;
	size_t used = 0;

	while (at < length && message[at] != 0) {
		const size_t end = at + 1 + message[at];

		if (message[at] > 63 || end >= length || used + message[at] + 1 > 254)
			return 0;
		if (used > 0)
			name[used++] = '.';
		for (at++; at < end; at++)
			name[used++] = text_of(message[at]);
	}
	name[used] = '\0';
	at += 1 + 4;
	return at <= length ? at : 0;
}

static void check_address(const ldns_rr *record, const char *name)
{
	const ldns_rdf *data = ldns_rr_rdf(record, 0);
	struct endpoint endpoint = {.family = ldns_rr_get_type(record) == LDNS_RR_TYPE_A ? AF_INET : AF_INET6};
	const struct fake_name *found = NULL;

	CHECK(ldns_rdf_size(data) == address_size(endpoint.family));
	memcpy(&endpoint.ip, ldns_rdf_data(data), ldns_rdf_size(data));
	if (!fake_ip_covers(fake_map(), &endpoint)) {
		CHECK(strlen(name) >= strlen("localhost"));
		CHECK(strcmp(name + strlen(name) - strlen("localhost"), "localhost") == 0);
		return;
	}
	found = fake_ip_find(fake_map(), &endpoint);
	CHECK(found != NULL && strcmp(found->text, name) == 0);
	CHECK(found->used == (int64_t)now);
}

static void check_answer(const uint8_t *query, size_t query_length, const uint8_t *answer, size_t length)
{
	char name[256];
	size_t end = 0;
	ldns_pkt *packet = NULL;

	CHECK(length >= HEADER && length <= DNS_ANSWER_MAX);
	CHECK(memcmp(answer, query, 2) == 0);
	CHECK((answer[2] & 0x80) != 0 && (answer[2] & OPCODE_MASK) == (query[2] & OPCODE_MASK));
	CHECK(ldns_wire2pkt(&packet, answer, length) == LDNS_STATUS_OK);
	CHECK(ldns_pkt_ancount(packet) <= RECORDS_MAX && ldns_pkt_nscount(packet) == 0);
	if (length == HEADER) {
		CHECK(ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR && ldns_pkt_qdcount(packet) == 0);
		ldns_pkt_free(packet);
		return;
	}
	end = read_question(query, query_length, name);
	CHECK(end > 0 && number_at(query, 4) == 1 && number_at(answer, 4) == 1);
	CHECK(end <= length && memcmp(answer + HEADER, query + HEADER, end - HEADER) == 0);
	for (size_t i = 0; i < ldns_pkt_ancount(packet); i++) {
		const ldns_rr *record = ldns_rr_list_rr(ldns_pkt_answer(packet), i);

		CHECK(ldns_rr_ttl(record) == 1 && ldns_rr_get_class(record) == LDNS_RR_CLASS_IN);
		if (ldns_rr_get_type(record) == LDNS_RR_TYPE_PTR)
			continue;
		check_address(record, name);
	}
	ldns_pkt_free(packet);
}

/* A query for a server: it fits what asks that, can be failed, and answers to it can be made to fit. */
static void check_asked(const uint8_t *query, size_t length)
{
	static uint8_t large[LARGE];
	uint8_t buffer[DNS_ANSWER_MAX];
	const uint8_t *fitting = NULL;
	size_t size = LARGE;
	char name[256];

	CHECK(length <= DNS_QUERY_MAX && number_at(query, 4) == 1);
	CHECK(read_question(query, length, name) > 0);
	check_answer(query, length, buffer, dns_fail(query, length, buffer));
	memset(large, 0, sizeof(large));
	memcpy(large, query, HEADER);
	large[2] |= 0x80;
	fitting = dns_fit(query, length, large, &size, buffer);
	CHECK(fitting == buffer && size <= DNS_ANSWER_MAX && (fitting[2] & 2) != 0);
	CHECK(memcmp(fitting + HEADER, query + HEADER, read_question(query, length, name) - HEADER) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t answer[DNS_ANSWER_MAX];
	struct dns dns = {.has_server = true};
	enum dns_verdict verdict = DNS_IGNORE;
	size_t length = 0;

	if (size < 1)
		return 0;
	if ((data[0] & 1) != 0)
		dns = (struct dns){.fake_ip = fake_map(), .has_server = (data[0] & 2) != 0};
	now += (data[0] & 4) != 0 ? FAKE_IP_LEASE / 4 : 1000;
	data++;
	size--;
	verdict = dns_take(&dns, data, size, now, answer, &length);
	CHECK((verdict == DNS_IGNORE) == (size < HEADER || (data[2] & 0x80) != 0));
	CHECK((verdict == DNS_ANSWER || verdict == DNS_ANSWER_BUSY) == (length > 0));
	CHECK(verdict != DNS_ASK || dns.has_server);
	if (length > 0)
		check_answer(data, size, answer, length);
	if (verdict == DNS_ASK)
		check_asked(data, size);
	CHECK(fake_ip_count(fake_map()) <= NAMES);
	return 0;
}
