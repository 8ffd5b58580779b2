/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_tcp.h"

#include "relay/dns_message.h"
#include "util/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
	FRAME_SIZE = 2, /* of a message's length, before it */
	ID_BITS = 16,
};

/* An id is the number of a place and how often that was taken, so that late answers are not taken for others. */
_Static_assert((DNS_TCP_QUERIES_MAX & (DNS_TCP_QUERIES_MAX - 1)) == 0, "the rest of an id counts");
_Static_assert(DNS_TCP_QUERIES_MAX < 1 << ID_BITS, "an id has the number of a place");

enum state {
	STATE_CLOSED,
	STATE_OPENING,
	STATE_OPEN,
};

struct place {
	TAILQ_ENTRY(place) entry;
	uint8_t *query; /* with the asker's id; NULL: free */
	size_t length;
	void *asker;
	uint64_t asked;
	uint64_t sent; /* when it was last sent */
	uint16_t id;
	uint8_t tries;
	bool is_sent; /* on this connection */
	bool is_lost; /* its failure is about to be told */
};

TAILQ_HEAD(place_list, place);

struct dns_tcp {
	const struct dns_tcp_caller *caller;
	void *data;
	enum state state;
	bool is_broken; /* to be closed by dns_tcp_run() */
	uint64_t heard; /* when it last said something, or was opened */
	uint64_t retry; /* before this, connecting is not tried */
	struct place places[DNS_TCP_QUERIES_MAX];
	struct place_list free;	 /* the one that was free for longest first */
	struct place_list asked; /* the one that was asked first is the first */
	size_t count;
	uint8_t *output;
	size_t output_length;
	size_t output_capacity;
	uint8_t input[FRAME_SIZE + DNS_MESSAGE_MAX];
	size_t input_length;
};

struct dns_tcp *dns_tcp_new(const struct dns_tcp_caller *caller, void *data)
{
	struct dns_tcp *tcp = calloc(1, sizeof(*tcp));

	if (tcp == NULL)
		return NULL;
	tcp->caller = caller;
	tcp->data = data;
	TAILQ_INIT(&tcp->free);
	TAILQ_INIT(&tcp->asked);
	for (size_t i = 0; i < DNS_TCP_QUERIES_MAX; i++) {
		tcp->places[i].id = (uint16_t)i;
		TAILQ_INSERT_TAIL(&tcp->free, &tcp->places[i], entry);
	}
	return tcp;
}

static void release(struct dns_tcp *tcp, struct place *place)
{
	TAILQ_REMOVE(&tcp->asked, place, entry);
	TAILQ_INSERT_TAIL(&tcp->free, place, entry);
	free(place->query);
	*place = (struct place){.entry = place->entry, .id = (uint16_t)(place->id + DNS_TCP_QUERIES_MAX)};
	tcp->count--;
}

void dns_tcp_free(struct dns_tcp *tcp)
{
	if (tcp->state != STATE_CLOSED)
		tcp->caller->close(tcp->data);
	while (!TAILQ_EMPTY(&tcp->asked))
		release(tcp, TAILQ_FIRST(&tcp->asked));
	free(tcp->output);
	free(tcp);
}

static void fail(struct dns_tcp *tcp, struct place *place)
{
	uint8_t *query = place->query;
	const size_t length = place->length;
	void *asker = place->asker;

	place->query = NULL;
	release(tcp, place);
	tcp->caller->failed(tcp->data, asker, query, length);
	free(query);
}

static struct place *find_lost(const struct dns_tcp *tcp)
{
	struct place *place = NULL;

	TAILQ_FOREACH (place, &tcp->asked, entry) {
		if (place->is_lost)
			break;
	}
	return place;
}

/* Tells all failures. Meanwhile the list may change: askers forget queries and have new ones. */
static void fail_lost(struct dns_tcp *tcp)
{
	struct place *place = NULL;

	while ((place = find_lost(tcp)) != NULL)
		fail(tcp, place);
}

static void open_connection(struct dns_tcp *tcp)
{
	tcp->state = STATE_OPENING;
	tcp->is_broken = tcp->caller->open(tcp->data) < 0;
}

/* Sends what the connection takes. */
static void flush(struct dns_tcp *tcp)
{
	ssize_t taken = 0;

	if (tcp->output_length == 0 || tcp->is_broken)
		return;
	taken = tcp->caller->send(tcp->data, tcp->output, tcp->output_length);
	if (taken < 0) {
		tcp->is_broken = true;
		return;
	}
	tcp->output_length -= (size_t)taken;
	memmove(tcp->output, tcp->output + taken, tcp->output_length);
}

/* Adds a query to what is to be sent. If there is no memory for that, its time runs out. */
static void put(struct dns_tcp *tcp, struct place *place, uint64_t now)
{
	const size_t length = tcp->output_length + FRAME_SIZE + place->length;
	uint8_t *output = array_reserve(tcp->output, &tcp->output_capacity, length, 1);
	uint8_t *frame = NULL;

	if (output == NULL)
		return;
	tcp->output = output;
	frame = output + tcp->output_length;
	ldns_write_uint16(frame, (uint16_t)place->length);
	memcpy(frame + FRAME_SIZE, place->query, place->length);
	LDNS_ID_SET(frame + FRAME_SIZE, place->id);
	tcp->output_length = length;
	place->is_sent = true;
	place->sent = now;
	place->tries++;
}

/* Ends the connection, and begins another one for what has not been answered, unless that was tried often enough. */
static void lose(struct dns_tcp *tcp, uint64_t now)
{
	const bool was_open = tcp->state == STATE_OPEN;
	bool has_more = false;
	struct place *place = NULL;

	tcp->caller->close(tcp->data);
	tcp->state = STATE_CLOSED;
	tcp->is_broken = false;
	tcp->input_length = 0;
	tcp->output_length = 0;
	if (!was_open)
		tcp->retry = now + DNS_TCP_RETRY;
	TAILQ_FOREACH (place, &tcp->asked, entry) {
		place->is_sent = false;
		place->is_lost = place->is_lost || !was_open || place->tries >= DNS_TCP_TRIES;
		has_more = has_more || !place->is_lost;
	}
	if (has_more)
		open_connection(tcp);
	fail_lost(tcp);
}

int dns_tcp_ask(struct dns_tcp *tcp, const uint8_t *query, size_t length, void *asker, uint64_t now)
{
	struct place *place = TAILQ_FIRST(&tcp->free);
	uint8_t *copy = NULL;

	if (length < DNS_HEADER_SIZE || length > DNS_QUERY_MAX)
		return -EMSGSIZE;
	if (tcp->state == STATE_CLOSED && now < tcp->retry)
		return -ECONNREFUSED;
	if (place == NULL)
		return -ENOBUFS;
	copy = malloc(length);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, query, length);
	TAILQ_REMOVE(&tcp->free, place, entry);
	*place = (struct place){.query = copy, .length = length, .asker = asker, .asked = now, .id = place->id};
	TAILQ_INSERT_TAIL(&tcp->asked, place, entry);
	tcp->count++;
	if (tcp->state == STATE_CLOSED) {
		open_connection(tcp);
	} else if (tcp->state == STATE_OPEN && !tcp->is_broken) {
		put(tcp, place, now);
		flush(tcp);
	}
	return 0;
}

void dns_tcp_forget(struct dns_tcp *tcp, const void *asker)
{
	struct place *next = NULL;

	for (struct place *place = TAILQ_FIRST(&tcp->asked); place != NULL; place = next) {
		next = TAILQ_NEXT(place, entry);
		if (place->asker == asker)
			release(tcp, place);
	}
}

size_t dns_tcp_count(const struct dns_tcp *tcp)
{
	return tcp->count;
}

void dns_tcp_opened(struct dns_tcp *tcp, uint64_t now)
{
	struct place *place = NULL;

	if (tcp->state != STATE_OPENING)
		return;
	tcp->state = STATE_OPEN;
	tcp->heard = now;
	TAILQ_FOREACH (place, &tcp->asked, entry)
		put(tcp, place, now);
	flush(tcp);
}

void dns_tcp_writable(struct dns_tcp *tcp, uint64_t now)
{
	(void)now;
	if (tcp->state == STATE_OPEN)
		flush(tcp);
}

/* Whether it is an answer to this query: the same question, or none where the server could not read it. */
static bool answers(const struct place *place, const uint8_t *message, size_t length)
{
	ldns_rr *asked = NULL;
	ldns_rr *question = NULL;
	bool is_same = false;

	if (LDNS_QDCOUNT(message) == 0)
		return LDNS_RCODE_WIRE(message) != LDNS_RCODE_NOERROR && LDNS_ANCOUNT(message) == 0;
	asked = dns_read_question(place->query, place->length, NULL);
	question = dns_read_question(message, length, NULL);
	if (asked != NULL && question != NULL)
		is_same = ldns_rr_get_type(asked) == ldns_rr_get_type(question) &&
			  ldns_rr_get_class(asked) == ldns_rr_get_class(question) &&
			  ldns_dname_compare(ldns_rr_owner(asked), ldns_rr_owner(question)) == 0;
	ldns_rr_free(asked);
	ldns_rr_free(question);
	return is_same;
}

/* Hands an answer to its asker. One to a query that is not asked any more is ignored; false if it is no answer. */
static bool take_message(struct dns_tcp *tcp, uint8_t *message, size_t length)
{
	struct place *place = NULL;
	void *asker = NULL;

	if (length < DNS_HEADER_SIZE || LDNS_QR_WIRE(message) == 0)
		return false;
	place = &tcp->places[LDNS_ID_WIRE(message) % DNS_TCP_QUERIES_MAX];
	if (place->id != LDNS_ID_WIRE(message) || !place->is_sent || !answers(place, message, length))
		return true;
	asker = place->asker;
	memcpy(message, place->query, sizeof(uint16_t)); /* its id */
	release(tcp, place);
	tcp->caller->answered(tcp->data, asker, message, length);
	return true;
}

/* Returns how many bytes the input has when its message, or the length of that, is whole. */
static size_t input_size(const struct dns_tcp *tcp)
{
	return tcp->input_length < FRAME_SIZE ? FRAME_SIZE : (size_t)FRAME_SIZE + ldns_read_uint16(tcp->input);
}

void dns_tcp_received(struct dns_tcp *tcp, const uint8_t *bytes, size_t length, uint64_t now)
{
	if (tcp->state != STATE_OPEN)
		return;
	tcp->heard = now;
	while (length > 0) {
		const size_t missing = input_size(tcp) - tcp->input_length;
		const size_t taken = length < missing ? length : missing;

		memcpy(tcp->input + tcp->input_length, bytes, taken);
		tcp->input_length += taken;
		bytes += taken;
		length -= taken;
		if (tcp->input_length < FRAME_SIZE || tcp->input_length < input_size(tcp))
			continue;
		if (!take_message(tcp, tcp->input + FRAME_SIZE, tcp->input_length - FRAME_SIZE)) {
			lose(tcp, now);
			return;
		}
		tcp->input_length = 0;
	}
}

void dns_tcp_closed(struct dns_tcp *tcp, uint64_t now)
{
	if (tcp->state != STATE_CLOSED)
		lose(tcp, now);
}

/* When a server that is silent is left for another connection: if there is a query that can be sent there. */
static uint64_t silence_end(const struct dns_tcp *tcp)
{
	const struct place *first = TAILQ_FIRST(&tcp->asked);

	if (tcp->state != STATE_OPEN || first == NULL || !first->is_sent || first->tries >= DNS_TCP_TRIES)
		return UINT64_MAX;
	return (first->sent > tcp->heard ? first->sent : tcp->heard) + DNS_TCP_SILENCE;
}

static uint64_t idle_end(const struct dns_tcp *tcp)
{
	return tcp->state == STATE_OPEN && tcp->count == 0 ? tcp->heard + DNS_TCP_IDLE : UINT64_MAX;
}

uint64_t dns_tcp_next(const struct dns_tcp *tcp)
{
	const struct place *first = TAILQ_FIRST(&tcp->asked);
	uint64_t next = silence_end(tcp);

	if (tcp->is_broken)
		return 0;
	if (idle_end(tcp) < next)
		next = idle_end(tcp);
	if (first != NULL && first->asked + DNS_TCP_TIME < next)
		next = first->asked + DNS_TCP_TIME;
	return next;
}

void dns_tcp_run(struct dns_tcp *tcp, uint64_t now)
{
	bool is_dead = tcp->is_broken || now >= silence_end(tcp) || now >= idle_end(tcp);
	struct place *place = NULL;

	TAILQ_FOREACH (place, &tcp->asked, entry) {
		if (now < place->asked + DNS_TCP_TIME)
			break;
		place->is_lost = true;
		/* nothing was said since then, so that nothing else can be expected */
		is_dead = is_dead ||
			  (place->is_sent && tcp->heard <= place->sent && now >= place->sent + DNS_TCP_SILENCE);
	}
	if (is_dead)
		lose(tcp, now);
	else
		fail_lost(tcp);
}
