/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns.h"

#include "relay/dns_name.h"

#include <errno.h>
#include <string.h>

enum {
	TTL = 1,
	CODE_BADVERS = 16, /* RFC 6891 */
};

/* These types are questions about something else (RFC 6895, 3.1). */
static const unsigned meta_first = 128;
static const unsigned meta_last = 255;

/* What an answer consists of. */
struct reply {
	const struct dns_query *query;
	ldns_rr_list *records; /* NULL: none */
	uint16_t code;
	bool failed; /* out of memory */
};

static bool is_loopback(const struct endpoint *endpoint)
{
	if (endpoint->family == AF_INET)
		return ntohl(endpoint->ip.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&endpoint->ip6);
}

/* Takes the data, or is failed. */
static void add_record(struct reply *reply, ldns_rr_type type, ldns_rdf *data)
{
	ldns_rr *record = ldns_rr_new();
	ldns_rdf *owner = ldns_rdf_clone(ldns_rr_owner(reply->query->question));

	if (reply->records == NULL)
		reply->records = ldns_rr_list_new();
	if (record == NULL || owner == NULL || data == NULL || reply->records == NULL) {
		ldns_rr_free(record);
		ldns_rdf_deep_free(owner);
		ldns_rdf_deep_free(data);
		reply->failed = true;
		return;
	}
	ldns_rr_set_owner(record, owner);
	ldns_rr_set_type(record, type);
	ldns_rr_set_class(record, LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(record, TTL);
	if (!ldns_rr_push_rdf(record, data)) {
		ldns_rdf_deep_free(data);
		reply->failed = true;
	}
	if (!ldns_rr_list_push_rr(reply->records, record)) {
		ldns_rr_free(record);
		reply->failed = true;
	}
}

static void add_address(struct reply *reply, const struct endpoint *endpoint)
{
	const bool is_ip = endpoint->family == AF_INET;
	const void *address = is_ip ? (const void *)&endpoint->ip : &endpoint->ip6;

	add_record(reply, is_ip ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA,
		   ldns_rdf_new_frm_data(is_ip ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, address_size(endpoint->family),
					 address));
}

static void add_name(struct reply *reply, const char *text)
{
	add_record(reply, LDNS_RR_TYPE_PTR, ldns_dname_new_frm_str(text));
}

static bool wants_family(ldns_rr_type type, int family)
{
	return type == (family == AF_INET ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA) || type == LDNS_RR_TYPE_ANY;
}

static enum dns_verdict answer_localhost(struct reply *reply, ldns_rr_type type)
{
	const struct endpoint ip = {.family = AF_INET, .ip = {htonl(INADDR_LOOPBACK)}};
	const struct endpoint ip6 = {.family = AF_INET6, .ip6 = IN6ADDR_LOOPBACK_INIT};

	if (wants_family(type, AF_INET))
		add_address(reply, &ip);
	if (wants_family(type, AF_INET6))
		add_address(reply, &ip6);
	return DNS_ANSWER;
}

/* The name of an address: of a fake one or this host's; false if others know it. */
static bool answer_reverse(const struct dns *dns, struct reply *reply, ldns_rr_type type,
			   const struct endpoint *endpoint)
{
	const struct fake_name *name = NULL;

	if (is_loopback(endpoint)) {
		if (type == LDNS_RR_TYPE_PTR || type == LDNS_RR_TYPE_ANY)
			add_name(reply, "localhost.");
		return true;
	}
	if (dns->fake_ip == NULL || !fake_ip_covers(dns->fake_ip, endpoint))
		return false;
	name = fake_ip_find(dns->fake_ip, endpoint);
	if (name == NULL)
		reply->code = LDNS_RCODE_NXDOMAIN;
	else if (type == LDNS_RR_TYPE_PTR || type == LDNS_RR_TYPE_ANY)
		add_name(reply, name->text);
	return true;
}

/* The addresses of a name that others resolve. */
static enum dns_verdict answer_fake(const struct dns *dns, struct reply *reply, ldns_rr_type type, const char *text,
				    uint64_t now)
{
	const int families[] = {AF_INET, AF_INET6};
	struct fake_name *name = NULL;
	int result = 0;

	if (type == LDNS_RR_TYPE_HTTPS || type == LDNS_RR_TYPE_SVCB || !fake_ip_is_name(text))
		return DNS_ANSWER;
	result = fake_ip_take(dns->fake_ip, text, now, &name);
	if (result < 0) {
		reply->code = LDNS_RCODE_SERVFAIL;
		return result == -EBUSY ? DNS_ANSWER_BUSY : DNS_ANSWER;
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct endpoint endpoint;

		if (wants_family(type, families[i]) && fake_ip_address(dns->fake_ip, name, families[i], &endpoint))
			add_address(reply, &endpoint);
	}
	return DNS_ANSWER;
}

/* Whether the records of a type have addresses, or replace those that have. */
static bool has_addresses(ldns_rr_type type)
{
	return type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA || type == LDNS_RR_TYPE_ANY ||
	       type == LDNS_RR_TYPE_HTTPS || type == LDNS_RR_TYPE_SVCB;
}

/* What fake addresses have to do with a name, and others do not. */
static enum dns_verdict answer_name(const struct dns *dns, struct reply *reply, enum dns_name_kind kind,
				    const char *text, uint64_t now)
{
	const ldns_rr_type type = ldns_rr_get_type(reply->query->question);
	const bool is_link = kind == DNS_NAME_LINK;

	if (has_addresses(type) && kind == DNS_NAME_ORDINARY)
		return answer_fake(dns, reply, type, text, now);
	if (dns->has_server && !has_addresses(type) && !is_link)
		return DNS_ASK;
	/* a server's names may have records of other types */
	if (is_link || kind == DNS_NAME_NOWHERE || (kind == DNS_NAME_REVERSE && !dns->has_server))
		reply->code = LDNS_RCODE_NXDOMAIN;
	return DNS_ANSWER;
}

/* Types that ask for no records of a name; 0 for those that do. */
static uint16_t type_code(ldns_rr_type type)
{
	if (type == LDNS_RR_TYPE_OPT || type == 0)
		return LDNS_RCODE_FORMERR;
	if (type == LDNS_RR_TYPE_AXFR || type == LDNS_RR_TYPE_IXFR)
		return LDNS_RCODE_REFUSED;
	if (type >= meta_first && type <= meta_last && type != LDNS_RR_TYPE_ANY)
		return LDNS_RCODE_NOTIMPL;
	return 0;
}

static enum dns_verdict judge(const struct dns *dns, struct reply *reply, uint64_t now)
{
	const ldns_rr *question = reply->query->question;
	const ldns_rr_type type = ldns_rr_get_type(question);
	enum dns_name_kind kind = DNS_NAME_ORDINARY;
	struct endpoint endpoint;
	char text[DNS_NAME_SIZE];

	if (reply->query->edns_version > 0)
		reply->code = CODE_BADVERS;
	else if (type_code(type) != 0)
		reply->code = type_code(type);
	else if (ldns_rr_get_class(question) != LDNS_RR_CLASS_IN)
		reply->code = LDNS_RCODE_REFUSED;
	if (reply->code != 0)
		return DNS_ANSWER;
	dns_name_text(ldns_rr_owner(question), text);
	kind = dns_name_kind(text, &endpoint);
	if (kind == DNS_NAME_LOCALHOST)
		return answer_localhost(reply, type);
	if (kind == DNS_NAME_REVERSE && answer_reverse(dns, reply, type, &endpoint))
		return DNS_ANSWER;
	return dns->fake_ip != NULL ? answer_name(dns, reply, kind, text, now) : DNS_ASK;
}

enum dns_verdict dns_take(const struct dns *dns, const uint8_t *query, size_t query_length, uint64_t now,
			  uint8_t *answer, size_t *length)
{
	struct dns_query read;
	struct reply reply = {.query = &read};
	enum dns_verdict verdict = DNS_ANSWER;
	const int result = dns_query_read(&read, query, query_length);

	*length = 0;
	if (result < 0)
		return DNS_IGNORE;
	if (result > 0) {
		*length = dns_header_answer(query, (uint8_t)result, answer);
		return DNS_ANSWER;
	}
	verdict = judge(dns, &reply, now);
	if (reply.failed)
		reply.code = LDNS_RCODE_SERVFAIL;
	if (verdict != DNS_ASK)
		*length = dns_query_answer(&read, reply.code, reply.failed ? NULL : reply.records, answer);
	ldns_rr_list_deep_free(reply.records);
	dns_query_clear(&read);
	if (verdict != DNS_ASK && *length == 0)
		*length = dns_header_answer(query, LDNS_RCODE_SERVFAIL, answer);
	return verdict;
}

size_t dns_fail(const uint8_t *query, size_t query_length, uint8_t *answer)
{
	struct dns_query read;
	size_t length = 0;
	const int result = dns_query_read(&read, query, query_length);

	if (result < 0)
		return 0;
	if (result == 0) {
		length = dns_query_answer(&read, LDNS_RCODE_SERVFAIL, NULL, answer);
		dns_query_clear(&read);
	}
	return length > 0 ? length : dns_header_answer(query, LDNS_RCODE_SERVFAIL, answer);
}

const uint8_t *dns_fit(const uint8_t *query, size_t query_length, const uint8_t *answer, size_t *length,
		       uint8_t *buffer)
{
	struct dns_query read;

	if (*length <= DNS_UDP_DEFAULT || dns_query_read(&read, query, query_length) != 0)
		return answer;
	if (*length > read.udp_size) {
		*length = dns_truncate(answer, &read, buffer);
		answer = buffer;
	}
	dns_query_clear(&read);
	return answer;
}
