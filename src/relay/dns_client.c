/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_client.h"

#include "relay/socket_options.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/container_of.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

enum {
	FRAME_SIZE = 2, /* of a message's length, before it */
	STEPS = 32,	/* until others have their turn */
};

struct dns_client {
	struct poll_source source;
	struct dns_asker asker;
	struct dns_service *service;
	struct source *counted; /* or NULL */
	struct deadline deadline;
	TAILQ_ENTRY(dns_client) entry;
	size_t asked; /* queries that wait for the server */
	bool readable;
	bool ended; /* it sends no more */
	bool is_over;
	uint8_t *output; /* NULL: nothing waits */
	size_t output_length;
	size_t output_capacity;
	size_t input_length;
	uint8_t input[FRAME_SIZE + DNS_QUERY_MAX];
};

static void end(struct dns_client *client, bool with_reset)
{
	struct dns_service *service = client->service;
	struct relay *relay = service->relay;

	if (client->is_over)
		return;
	client->is_over = true;
	if (with_reset)
		socket_reset_on_close(client->source.fd);
	poll_source_close(&client->source);
	dns_service_forget(service, &client->asker);
	deadlines_unset(&relay->deadlines, &client->deadline);
	sources_leave(&relay->sources, client->counted);
	service->waiting -= client->output_length;
	free(client->output);
	client->output = NULL;
	client->output_length = 0;
	TAILQ_REMOVE(&service->clients, client, entry);
	TAILQ_INSERT_TAIL(&service->over, client, entry);
	relay->count--;
}

static void expire(struct deadline *deadline, uint64_t now)
{
	struct dns_client *client = CONTAINER_OF(struct dns_client, deadline, deadline);

	(void)now;
	end(client, client->output_length > 0);
}

static void note_progress(struct dns_client *client)
{
	deadlines_set(&client->service->relay->deadlines, &client->deadline, DEADLINE_DNS_CLIENT, clock_now(), expire);
}

/* Sends what the client takes. Returns false if the client is over. */
static bool flush(struct dns_client *client)
{
	ssize_t sent = 0;

	if (client->output_length == 0)
		return true;
	sent = send(client->source.fd, client->output, client->output_length, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (sent < 0) {
		end(client, true);
		return false;
	}
	client->output_length -= (size_t)sent;
	client->service->waiting -= (size_t)sent;
	memmove(client->output, client->output + sent, client->output_length);
	if (client->output_length == 0) {
		free(client->output);
		client->output = NULL;
		client->output_capacity = 0;
	}
	note_progress(client);
	return true;
}

/* Returns false if there is no room, so that the client is over. */
static bool put(struct dns_client *client, const uint8_t *message, size_t length)
{
	struct dns_service *service = client->service;
	const size_t all = client->output_length + FRAME_SIZE + length;
	uint8_t *output = NULL;

	if (service->waiting + FRAME_SIZE + length <= DNS_CLIENTS_OUTPUT_MAX)
		output = array_reserve(client->output, &client->output_capacity, all, 1);
	if (output == NULL) {
		end(client, true);
		return false;
	}
	client->output = output;
	ldns_write_uint16(output + client->output_length, (uint16_t)length);
	memcpy(output + client->output_length + FRAME_SIZE, message, length);
	service->waiting += all - client->output_length;
	client->output_length = all;
	return true;
}

static bool has_room(const struct dns_client *client)
{
	return client->asked < DNS_CLIENT_QUERIES_MAX && client->output_length < DNS_CLIENT_OUTPUT_MAX;
}

/* Returns false if the client is over. */
static bool take_query(struct dns_client *client, const uint8_t *query, size_t query_length)
{
	uint8_t answer[DNS_ANSWER_MAX];
	size_t length = 0;

	note_progress(client);
	if (dns_service_take(client->service, query, query_length, answer, &length) == DNS_ASK) {
		if (dns_service_ask(client->service, query, query_length, &client->asker)) {
			client->asked++;
			return true;
		}
		length = dns_fail(query, query_length, answer);
	}
	return length == 0 || put(client, answer, length);
}

/* Takes the queries that have been read, as far as there is room for what they lead to. */
static bool take_queries(struct dns_client *client)
{
	size_t taken = 0;

	while (has_room(client) && client->input_length - taken >= FRAME_SIZE) {
		const uint8_t *frame = client->input + taken;
		const size_t length = ldns_read_uint16(frame);

		if (length > DNS_QUERY_MAX || length < DNS_HEADER_SIZE) { /* this is not DNS */
			end(client, true);
			return false;
		}
		if (client->input_length - taken < FRAME_SIZE + length)
			break;
		if (!take_query(client, frame + FRAME_SIZE, length))
			return false;
		taken += FRAME_SIZE + length;
	}
	client->input_length -= taken;
	memmove(client->input, client->input + taken, client->input_length);
	return true;
}

/* Returns false if the client is over. */
static bool hear(struct dns_client *client)
{
	const ssize_t length = recv(client->source.fd, client->input + client->input_length,
				    sizeof(client->input) - client->input_length, MSG_DONTWAIT);

	if (length > 0)
		client->input_length += (size_t)length;
	else if (length == 0)
		client->ended = true;
	else if (errno == EAGAIN)
		client->readable = false;
	else if (errno != EINTR) {
		end(client, true);
		return false;
	}
	return true;
}

/* Whether a whole query has been read; what is none is found out likewise. */
static bool has_query(const struct dns_client *client)
{
	return client->input_length >= FRAME_SIZE &&
	       client->input_length >= FRAME_SIZE + (size_t)ldns_read_uint16(client->input);
}

/* Does all that can be done for a client. */
static void serve(struct dns_client *client)
{
	for (int i = 0; i < STEPS; i++) {
		if (!take_queries(client) || !flush(client))
			return;
		if (!has_room(client))
			return; /* until answers come, or the client reads them */
		if (has_query(client))
			continue; /* there was no room for it before */
		if (client->readable && !client->ended) {
			if (!hear(client))
				return;
			continue;
		}
		/* what is left of the input is a part of a query */
		if (client->ended && client->asked == 0 && client->output_length == 0)
			end(client, client->input_length > 0);
		return;
	}
	poller_change(&client->service->relay->poller, &client->source, EVENTS);
}

static void on_client(struct poll_source *source, uint32_t events)
{
	struct dns_client *client = CONTAINER_OF(struct dns_client, source, source);

	if (events & (EPOLLERR | EPOLLHUP)) {
		end(client, true);
		return;
	}
	if (events & (EPOLLIN | EPOLLRDHUP))
		client->readable = true;
	serve(client);
}

static void on_answer(struct dns_asker *asker, const uint8_t *answer, size_t length)
{
	struct dns_client *client = CONTAINER_OF(struct dns_client, asker, asker);

	client->asked--;
	if (length == 0 || put(client, answer, length))
		serve(client);
}

int dns_client_begin(struct relay *relay, int fd, struct source *source)
{
	struct dns_client *client = calloc(1, sizeof(*client));
	int result = 0;

	if (client == NULL) {
		sources_leave(&relay->sources, source);
		socket_reset(fd);
		return -ENOMEM;
	}
	client->source = (struct poll_source){.fd = fd, .handle = on_client};
	client->asker.answered = on_answer;
	client->service = relay->dns;
	client->counted = source;
	TAILQ_INSERT_TAIL(&relay->dns->clients, client, entry);
	relay->count++;
	note_progress(client);
	result = poller_add(&relay->poller, &client->source, EVENTS);
	if (result < 0)
		end(client, true);
	return result;
}

void dns_clients_end(struct dns_service *service)
{
	while (!TAILQ_EMPTY(&service->clients))
		end(TAILQ_FIRST(&service->clients), true);
	dns_clients_bury(service);
}

void dns_clients_bury(struct dns_service *service)
{
	while (!TAILQ_EMPTY(&service->over)) {
		struct dns_client *client = TAILQ_FIRST(&service->over);

		TAILQ_REMOVE(&service->over, client, entry);
		free(client);
	}
}
