/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Whatever an upstream answers, SOCKS5 or HTTP. The handshake ends the same way whatever pieces the bytes come in,
 * takes no byte behind its end, and never waits for more than its limit. It is ready only if the answers say so, as a
 * second reader sees it that has all of them at once.
 *
 * Input: a byte that chooses the upstream, a byte for the size of pieces, and the answers.
 */

#include "fuzz.h"

#include "proxy/handshake.h"

#include <netinet/in.h>
#include <string.h>

enum {
	UPSTREAMS = 4,
	SOCKS5_ANSWERS_MAX = 2 + 2 + 4 + 1 + 255 + 2, /* bytes of all that a SOCKS5 server says */
};

static const char *const urls[UPSTREAMS] = {"socks5://h:1", "socks5://u:p@h:1", "http://h:1", "http://u:p@h:1"};

static const struct upstream *upstream(size_t number)
{
	static struct upstream all[UPSTREAMS];
	struct error error;

	if (all[number].host == NULL)
		CHECK(upstream_parse(&all[number], urls[number], &error) == 0);
	return &all[number];
}

/* Has it take the answers in pieces; returns how many bytes it took. */
static size_t shake_hands(struct handshake *handshake, const uint8_t *data, size_t size, size_t piece)
{
	static uint8_t buffer[HANDSHAKE_MESSAGE_MAX];
	size_t at = 0;

	for (;;) {
		size_t length = 0;
		size_t taken = 0;

		if (handshake->state == HANDSHAKE_SEND) {
			handshake_output(handshake, buffer, &length);
			CHECK(length > 0 && length <= HANDSHAKE_MESSAGE_MAX);
			handshake_sent(handshake, length < piece ? length : piece, length <= piece);
			continue;
		}
		if (handshake->state != HANDSHAKE_RECEIVE || at == size)
			return at;
		length = size - at < piece ? size - at : piece;
		taken = handshake_take(handshake, data + at, length);
		CHECK(taken > 0 && taken <= length);
		CHECK(taken == length || handshake->state != HANDSHAKE_RECEIVE);
		at += taken;
	}
}

/* The length of the answers of a server that says yes, or 0 if these are not such. */
static size_t socks5_success(const uint8_t *data, size_t size, bool has_password)
{
	size_t at = 2;

	if (size < at || data[0] != 5 || (data[1] != 0 && !(has_password && data[1] == 2)))
		return 0;
	if (data[1] == 2) {
		if (size < at + 2 || data[at] != 1 || data[at + 1] != 0)
			return 0;
		at += 2;
	}
	if (size < at + 5 || data[at] != 5 || data[at + 1] != 0 || data[at + 2] != 0)
		return 0;
	if (data[at + 3] == 1)
		at += 4 + 4 + 2;
	else if (data[at + 3] == 4)
		at += 4 + 16 + 2;
	else if (data[at + 3] == 3)
		at += (size_t)4 + 1 + data[at + 4] + 2;
	else
		return 0;
	return at <= size ? at : 0;
}

static void check_socks5(const struct handshake *handshake, const uint8_t *data, size_t size, size_t taken,
			 bool has_password)
{
	const size_t success = socks5_success(data, size, has_password);

	CHECK((handshake->state == HANDSHAKE_READY) == (success > 0));
	CHECK(success == 0 || success == taken);
	CHECK(taken <= SOCKS5_ANSWERS_MAX);
}

/* Where the first empty line ends. */
static size_t head_end(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at++) {
		if (data[at] != '\n')
			continue;
		if (at + 1 < size && data[at + 1] == '\n')
			return at + 2;
		if (at + 2 < size && data[at + 1] == '\r' && data[at + 2] == '\n')
			return at + 3;
	}
	return 0;
}

static void check_http(const struct handshake *handshake, const uint8_t *data, size_t size, size_t taken)
{
	size_t at = 0;

	CHECK(taken <= HTTP_CONNECT_HEAD_MAX + 1);
	if (handshake->state != HANDSHAKE_READY)
		return;
	/* the last head is the one that counts, and the others are of status 1xx */
	for (size_t end = head_end(data, size); at + end < taken; end = head_end(data + at, size - at)) {
		CHECK(end > 0 && data[at + 9] == '1');
		at += end;
	}
	CHECK(at + head_end(data + at, size - at) == taken);
	CHECK(memcmp(data + at, "HTTP/1.", 7) == 0 && data[at + 9] == '2');
	CHECK(memchr(data, '\0', taken) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct destination destination = {.endpoint = {.family = AF_INET, .port = 443}};
	static struct handshake whole;
	static struct handshake pieces;
	char text[HANDSHAKE_TEXT_SIZE];
	size_t number = 0;
	size_t taken = 0;

	if (size < 2)
		return 0;
	number = data[0] % UPSTREAMS;
	handshake_begin(&whole, upstream(number), &destination);
	handshake_begin(&pieces, upstream(number), &destination);
	taken = shake_hands(&whole, data + 2, size - 2, size);
	CHECK(shake_hands(&pieces, data + 2, size - 2, (size_t)data[1] + 1) == taken);
	CHECK(pieces.state == whole.state);
	if (whole.state == HANDSHAKE_FAILED) {
		CHECK(pieces.failure == whole.failure && pieces.code == whole.code);
		handshake_describe(&whole, text);
		CHECK(*text != '\0' && is_harmless(text, strlen(text)));
	}
	if (number < 2)
		check_socks5(&whole, data + 2, size - 2, taken, number == 1);
	else
		check_http(&whole, data + 2, size - 2, taken);
	return 0;
}
