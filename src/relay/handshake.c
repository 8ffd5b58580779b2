/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/handshake.h"

#include "util/language.h"

#include <stdio.h>
#include <string.h>

_Static_assert((size_t)SOCKS5_MESSAGE_MAX <= (size_t)HTTP_CONNECT_MAX, "one buffer holds what either sends");

enum { HTTP_PROXY_AUTHENTICATION_REQUIRED = 407 };

static void fail(struct handshake *handshake, enum handshake_failure failure, uint16_t code)
{
	handshake->state = HANDSHAKE_FAILED;
	handshake->failure = failure;
	handshake->code = code;
}

/* length: of what is in the buffer */
static void send_next(struct handshake *handshake, size_t length)
{
	handshake->state = HANDSHAKE_SEND;
	handshake->length = (uint16_t)length;
	handshake->sent = 0;
	if (length == 0)
		fail(handshake, HANDSHAKE_NO_NAME, 0);
}

static void send_request(struct handshake *handshake)
{
	const struct upstream *upstream = handshake->upstream;

	handshake->is_requested = true;
	if (upstream->kind == UPSTREAM_HTTP) {
		send_next(handshake, http_connect_write(&handshake->destination, upstream->user, upstream->password,
							handshake->output));
		handshake->http = (struct http_reader){0};
	} else {
		send_next(handshake, socks5_write_request(&handshake->destination, handshake->output));
		socks5_expect(&handshake->socks5, SOCKS5_ANSWER_REQUEST);
	}
}

void handshake_begin(struct handshake *handshake, const struct upstream *upstream,
		     const struct destination *destination)
{
	handshake->upstream = upstream;
	handshake->destination = *destination;
	handshake->state = HANDSHAKE_READY;
	handshake->is_requested = false;
	if (upstream->kind == UPSTREAM_HTTP) {
		send_request(handshake);
	} else if (upstream->kind == UPSTREAM_SOCKS5) {
		send_next(handshake, socks5_write_methods(upstream->user != NULL, handshake->output));
		socks5_expect(&handshake->socks5, SOCKS5_ANSWER_METHOD);
	}
}

const uint8_t *handshake_output(const struct handshake *handshake, size_t *length)
{
	*length = handshake->length - handshake->sent;
	return handshake->output + handshake->sent;
}

void handshake_sent(struct handshake *handshake, size_t length)
{
	handshake->sent = (uint16_t)(handshake->sent + length);
	if (handshake->sent < handshake->length)
		return;
	explicit_bzero(handshake->output, handshake->length); /* it may have been a password */
	handshake->state = HANDSHAKE_RECEIVE;
}

/* An answer was read to its end. */
static void go_on_with_socks5(struct handshake *handshake)
{
	const struct upstream *upstream = handshake->upstream;
	const struct socks5_reader *reader = &handshake->socks5;

	if (reader->answer == SOCKS5_ANSWER_REQUEST) {
		handshake->state = HANDSHAKE_READY;
	} else if (reader->answer == SOCKS5_ANSWER_PASSWORD || reader->code == SOCKS5_METHOD_NONE) {
		send_request(handshake);
	} else if (upstream->user == NULL) { /* it was not offered */
		fail(handshake, HANDSHAKE_GARBAGE, 0);
	} else {
		send_next(handshake,
			  socks5_write_password(upstream->user, upstream->password != NULL ? upstream->password : "",
						handshake->output));
		socks5_expect(&handshake->socks5, SOCKS5_ANSWER_PASSWORD);
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
	if (handshake->http.status != HTTP_PROXY_AUTHENTICATION_REQUIRED)
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
