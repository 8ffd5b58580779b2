/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "proxy/http_connect.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	TEXT_MAX = 255,
	TOKEN_SIZE = (2 * TEXT_MAX + 1 + 2) / 3 * 4 + 1, /* USER:PASSWORD in base64 */
};

/* What the next byte belongs to. */
enum state {
	STATUS_LINE,
	STATUS_END, /* a CR was read */
	FIELD_START,
	FIELD_NAME,
	FIELD_VALUE,
	FIELD_END, /* a CR was read */
	HEAD_END,  /* a CR was read at the start of a line */
};

static const char status_line[] = "HTTP/1.x NNN";

/* Returns the length of the result, which ends with a NUL. */
static size_t write_base64(const char *text, size_t length, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t written = 0;

	for (size_t i = 0; i < length; i += 3) {
		const size_t rest = length - i;
		uint32_t bits = (uint32_t)(uint8_t)text[i] << 16;

		if (rest > 1)
			bits |= (uint32_t)(uint8_t)text[i + 1] << 8;
		if (rest > 2)
			bits |= (uint8_t)text[i + 2];
		out[written++] = digits[bits >> 18];
		out[written++] = digits[bits >> 12 & 63];
		out[written++] = '=';
		out[written++] = '=';
		if (rest > 1)
			out[written - 2] = digits[bits >> 6 & 63];
		if (rest > 2)
			out[written - 1] = digits[bits & 63];
	}
	out[written] = '\0';
	return written;
}

static void write_token(const char *user, const char *password, char *out)
{
	char both[2 * TEXT_MAX + 2];
	const int length =
		snprintf(both, sizeof(both), "%.*s:%.*s", TEXT_MAX, user, TEXT_MAX, password != NULL ? password : "");

	write_base64(both, (size_t)length, out);
	explicit_bzero(both, sizeof(both));
}

size_t http_connect_write(const struct destination *destination, const char *user, const char *password, uint8_t *out)
{
	char token[TOKEN_SIZE] = "";
	char host[DESTINATION_SIZE];
	int length = 0;

	if (destination->name != NULL && !destination_is_name(destination->name))
		return 0;
	destination_write(destination, host);
	if (user != NULL)
		write_token(user, password, token);
	length = snprintf((char *)out, HTTP_CONNECT_MAX, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", host, host,
			  user != NULL ? "Proxy-Authorization: Basic " : "", token, user != NULL ? "\r\n" : "");
	explicit_bzero(token, sizeof(token));
	return length < HTTP_CONNECT_MAX ? (size_t)length : 0;
}

static bool is_token(uint8_t byte)
{
	return isalnum(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* A reason may follow the status, and servers leave out the space before an empty one. */
static enum http_progress read_status_line(struct http_reader *reader, uint8_t byte)
{
	const size_t at = reader->line;
	const uint8_t expected = at < strlen(status_line) ? (uint8_t)status_line[at] : 0;

	if (expected == 'x')
		return isdigit(byte) ? HTTP_MORE : HTTP_GARBAGE;
	if (expected == 'N') {
		reader->status = (uint16_t)(reader->status * 10 + (byte - '0'));
		return isdigit(byte) && reader->status > 0 ? HTTP_MORE : HTTP_GARBAGE;
	}
	if (expected != 0)
		return byte == expected ? HTTP_MORE : HTTP_GARBAGE;
	if (byte == '\r' || byte == '\n') {
		reader->state = byte == '\r' ? STATUS_END : FIELD_START;
		return reader->status >= 100 && reader->status < 600 ? HTTP_MORE : HTTP_GARBAGE;
	}
	return byte != '\0' && (at > strlen(status_line) || byte == ' ') ? HTTP_MORE : HTTP_GARBAGE;
}

/* The head is at its end. A status of 1xx announces another one. */
static enum http_progress judge(struct http_reader *reader)
{
	if (reader->status >= 300)
		return HTTP_REFUSED;
	if (reader->status >= 200)
		return HTTP_TUNNEL;
	*reader = (struct http_reader){.read = reader->read};
	return HTTP_MORE;
}

static enum http_progress read_field_start(struct http_reader *reader, uint8_t byte)
{
	if (byte == '\n')
		return judge(reader);
	if (byte == '\r')
		reader->state = HEAD_END;
	else if (byte == ' ' || byte == '\t') /* the line before goes on (obsolete) */
		reader->state = FIELD_VALUE;
	else if (is_token(byte))
		reader->state = FIELD_NAME;
	else
		return HTTP_GARBAGE;
	return HTTP_MORE;
}

static enum http_progress read_field(struct http_reader *reader, uint8_t byte)
{
	if (reader->state == FIELD_NAME) {
		if (byte == ':')
			reader->state = FIELD_VALUE;
		return byte == ':' || is_token(byte) ? HTTP_MORE : HTTP_GARBAGE;
	}
	if (byte == '\r')
		reader->state = FIELD_END;
	else if (byte == '\n')
		reader->state = FIELD_START;
	return byte != '\0' ? HTTP_MORE : HTTP_GARBAGE;
}

/* Only a newline may follow a CR. */
static enum http_progress read_newline(struct http_reader *reader, uint8_t byte)
{
	if (byte != '\n')
		return HTTP_GARBAGE;
	if (reader->state == HEAD_END)
		return judge(reader);
	reader->state = FIELD_START;
	return HTTP_MORE;
}

enum http_progress http_connect_read(struct http_reader *reader, uint8_t byte)
{
	const uint16_t line = reader->line;
	enum http_progress progress = HTTP_MORE;

	if (++reader->read > HTTP_CONNECT_HEAD_MAX)
		return HTTP_GARBAGE;
	switch ((enum state)reader->state) {
	case STATUS_LINE:
		progress = read_status_line(reader, byte);
		reader->line = (uint16_t)(line + 1);
		break;
	case STATUS_END:
	case FIELD_END:
	case HEAD_END:
		progress = read_newline(reader, byte);
		break;
	case FIELD_START:
		progress = read_field_start(reader, byte);
		break;
	case FIELD_NAME:
	case FIELD_VALUE:
		progress = read_field(reader, byte);
		break;
	}
	/* what follows a refusal is of no interest, and may never come */
	return progress == HTTP_MORE && reader->state != STATUS_LINE && reader->status >= 300 ? HTTP_REFUSED : progress;
}
