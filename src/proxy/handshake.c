/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "proxy/handshake.h"

#include "util/language.h"

#include <stdio.h>
#include <string.h>

_Static_assert((size_t)SOCKS5_MESSAGE_MAX <= (size_t)HTTP_CONNECT_MAX, "one buffer holds what either sends");

enum {
	HTTP_UNAUTHORIZED = 401, /* tinyproxy's answer to a wrong password */
	HTTP_PROXY_AUTHENTICATION_REQUIRED = 407,
};

static void fail(struct handshake *handshake, enum handshake_failure failure, uint16_t code)
{
	handshake->state = HANDSHAKE_FAILED;
	handshake->failure = failure;
	handshake->code = code;
}

/* In SOCKS5, the answer that comes next says which message is sent before it. */
static void send_next(struct handshake *handshake, enum socks5_answer answer)
{
	handshake->state = HANDSHAKE_SEND;
	handshake->sent = 0;
	if (handshake->upstream->kind == UPSTREAM_HTTP)
		handshake->http = (struct http_reader){0};
	else
		socks5_expect(&handshake->socks5, answer);
}

static bool can_name(const struct upstream *upstream, const struct destination *destination)
{
	if (destination->name == NULL)
		return true;
	return upstream->kind == UPSTREAM_SOCKS5 ? strlen(destination->name) <= UINT8_MAX
						 : destination_is_name(destination->name);
}

void handshake_begin(struct handshake *handshake, const struct upstream *upstream,
		     const struct destination *destination)
{
	*handshake = (struct handshake){
		.upstream = upstream,
		.destination = *destination,
		.command = SOCKS5_CONNECT,
		.state = HANDSHAKE_READY,
	};
	if (upstream->kind == UPSTREAM_DIRECT)
		return;
	if (can_name(upstream, destination))
		send_next(handshake, SOCKS5_ANSWER_METHOD);
	else
		fail(handshake, HANDSHAKE_NO_NAME, 0);
}

void handshake_begin_association(struct handshake *handshake, const struct upstream *upstream, int family)
{
	const struct destination any = {.endpoint = {.family = family == AF_INET6 ? AF_INET6 : AF_INET}};

	handshake_begin(handshake, upstream, &any);
	handshake->command = SOCKS5_UDP_ASSOCIATE;
}

static size_t write_message(const struct handshake *handshake, uint8_t *buffer)
{
	const struct upstream *upstream = handshake->upstream;

	if (upstream->kind == UPSTREAM_HTTP)
		return http_connect_write(&handshake->destination, upstream->user, upstream->password, buffer);
	switch (handshake->socks5.answer) {
	case SOCKS5_ANSWER_METHOD:
		return socks5_write_methods(upstream->user != NULL, buffer);
	case SOCKS5_ANSWER_PASSWORD:
		return socks5_write_password(upstream->user, upstream->password != NULL ? upstream->password : "",
					     buffer);
	case SOCKS5_ANSWER_REQUEST:
		return socks5_write_request(handshake->command, &handshake->destination, buffer);
	}
	return 0;
}

const uint8_t *handshake_output(const struct handshake *handshake, uint8_t *buffer, size_t *length)
{
	*length = write_message(handshake, buffer) - handshake->sent;
	return buffer + handshake->sent;
}

void handshake_sent(struct handshake *handshake, size_t length, bool is_all)
{
	handshake->sent = (uint16_t)(handshake->sent + length);
	if (is_all)
		handshake->state = HANDSHAKE_RECEIVE;
}

bool handshake_is_requested(const struct handshake *handshake)
{
	if (handshake->upstream->kind == UPSTREAM_SOCKS5)
		return handshake->socks5.answer == SOCKS5_ANSWER_REQUEST;
	return true;
}

/* An answer was read to its end. */
static void go_on_with_socks5(struct handshake *handshake)
{
	const struct upstream *upstream = handshake->upstream;
	const struct socks5_reader *reader = &handshake->socks5;

	if (reader->answer == SOCKS5_ANSWER_REQUEST) {
		handshake->state = HANDSHAKE_READY;
	} else if (reader->answer == SOCKS5_ANSWER_PASSWORD || reader->code == SOCKS5_METHOD_NONE) {
		send_next(handshake, SOCKS5_ANSWER_REQUEST);
	} else if (upstream->user == NULL) { /* it was not offered */
		fail(handshake, HANDSHAKE_GARBAGE, 0);
	} else {
		send_next(handshake, SOCKS5_ANSWER_PASSWORD);
	}
}

static void refuse_socks5(struct handshake *handshake)
{
	const struct socks5_reader *reader = &handshake->socks5;

	if (reader->answer == SOCKS5_ANSWER_METHOD)
		fail(handshake, handshake->upstream->user == NULL ? HANDSHAKE_NO_PASSWORD : HANDSHAKE_NO_METHOD, 0);
	else if (reader->answer == SOCKS5_ANSWER_PASSWORD)
		fail(handshake, HANDSHAKE_WRONG_PASSWORD, 0);
	else
		fail(handshake, HANDSHAKE_REFUSED, reader->code);
}

static void take_socks5(struct handshake *handshake, uint8_t byte)
{
	switch (socks5_read(&handshake->socks5, byte)) {
	case SOCKS5_MORE:
		break;
	case SOCKS5_WHOLE:
		go_on_with_socks5(handshake);
		break;
	case SOCKS5_REFUSED:
		refuse_socks5(handshake);
		break;
	case SOCKS5_GARBAGE:
		fail(handshake, HANDSHAKE_GARBAGE, 0);
		break;
	}
}

static void refuse_http(struct handshake *handshake)
{
	if (handshake->http.status != HTTP_PROXY_AUTHENTICATION_REQUIRED && handshake->http.status != HTTP_UNAUTHORIZED)
		fail(handshake, HANDSHAKE_REFUSED, handshake->http.status);
	else
		fail(handshake, handshake->upstream->user == NULL ? HANDSHAKE_NO_PASSWORD : HANDSHAKE_WRONG_PASSWORD,
		     0);
}

static void take_http(struct handshake *handshake, uint8_t byte)
{
	switch (http_connect_read(&handshake->http, byte)) {
	case HTTP_MORE:
		break;
	case HTTP_TUNNEL:
		handshake->state = HANDSHAKE_READY;
		break;
	case HTTP_REFUSED:
		refuse_http(handshake);
		break;
	case HTTP_GARBAGE:
		fail(handshake, HANDSHAKE_GARBAGE, 0);
		break;
	}
}

size_t handshake_take(struct handshake *handshake, const uint8_t *data, size_t length)
{
	size_t taken = 0;

	while (taken < length && handshake->state == HANDSHAKE_RECEIVE) {
		if (handshake->upstream->kind == UPSTREAM_HTTP)
			take_http(handshake, data[taken++]);
		else
			take_socks5(handshake, data[taken++]);
	}
	return taken;
}

const char *handshake_describe(const struct handshake *handshake, char *out)
{
	const bool is_http = handshake->upstream->kind == UPSTREAM_HTTP;
	const char *text = "";

	switch (handshake->failure) {
	case HANDSHAKE_NO_NAME:
		text = _("its name can't be sent to the upstream");
		break;
	case HANDSHAKE_GARBAGE:
		text = is_http ? _("the upstream's answer is not HTTP") : _("the upstream's answer is not SOCKS5");
		break;
	case HANDSHAKE_NO_METHOD:
		text = _("the upstream accepts no user and password, nor a client without them");
		break;
	case HANDSHAKE_NO_PASSWORD:
		text = _("the upstream wants a user and a password");
		break;
	case HANDSHAKE_WRONG_PASSWORD:
		text = _("the upstream refuses the user or the password");
		break;
	case HANDSHAKE_REFUSED:
		if (is_http)
			snprintf(out, HANDSHAKE_TEXT_SIZE, _("the upstream refuses: HTTP status %u"), handshake->code);
		else
			snprintf(out, HANDSHAKE_TEXT_SIZE, _("the upstream refuses: %s (%u)"),
				 socks5_describe((uint8_t)handshake->code), handshake->code);
		return out;
	}
	snprintf(out, HANDSHAKE_TEXT_SIZE, "%s", text);
	return out;
}
