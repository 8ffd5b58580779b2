/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/socks5.h"

#include "util/language.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	VERSION = 5,
	PASSWORD_VERSION = 1,
	COMMAND_CONNECT = 1,
	COMMAND_UDP_ASSOCIATE = 3,
	ADDRESS_IP = 1,
	ADDRESS_NAME = 3,
	ADDRESS_IP6 = 4,
	REPLY_HEAD = 4,		 /* version, status, reserved, type of address */
	SHORT_ANSWER = 2,	 /* version, and a method or status */
	NAME_REPLY_REST = 1 + 2, /* the name's length, and the port */
};

size_t socks5_write_methods(bool with_password, uint8_t *out)
{
	const uint8_t message[] = {VERSION, with_password ? 2 : 1, SOCKS5_METHOD_NONE, SOCKS5_METHOD_PASSWORD};
	const size_t length = sizeof(message) - (with_password ? 0 : 1);

	memcpy(out, message, length);
	return length;
}

static size_t write_text(const char *text, uint8_t *out)
{
	const size_t length = strnlen(text, UINT8_MAX);

	*out = (uint8_t)length;
	memcpy(out + 1, text, length);
	return 1 + length;
}

size_t socks5_write_password(const char *user, const char *password, uint8_t *out)
{
	size_t length = 1;

	*out = PASSWORD_VERSION;
	length += write_text(user, out + length);
	length += write_text(password, out + length);
	return length;
}

size_t socks5_write_request(const struct destination *destination, uint8_t *out)
{
	const struct endpoint *endpoint = &destination->endpoint;
	const uint16_t port = htons(endpoint->port);
	size_t length = 3;

	memcpy(out, (const uint8_t[]){VERSION, COMMAND_CONNECT, 0}, length);
	if (destination->name != NULL) {
		if (strlen(destination->name) > UINT8_MAX)
			return 0;
		out[length++] = ADDRESS_NAME;
		length += write_text(destination->name, out + length);
	} else {
		out[length++] = endpoint->family == AF_INET ? ADDRESS_IP : ADDRESS_IP6;
		memcpy(out + length, &endpoint->ip6, address_size(endpoint->family));
		length += address_size(endpoint->family);
	}
	memcpy(out + length, &port, sizeof(port));
	return length + sizeof(port);
}

size_t socks5_write_association(int family, uint8_t *out)
{
	/* zero: from which port datagrams will come is not known yet */
	const struct destination any = {.endpoint = {.family = family}};
	const size_t length = socks5_write_request(&any, out);

	out[1] = COMMAND_UDP_ASSOCIATE;
	return length;
}

void socks5_expect(struct socks5_reader *reader, enum socks5_answer answer)
{
	*reader = (struct socks5_reader){
		.answer = answer,
		.length = answer == SOCKS5_ANSWER_REQUEST ? REPLY_HEAD + 1 : SHORT_ANSWER,
	};
}

/* The second byte decides; a server that says no may end the connection without sending the rest. */
static enum socks5_progress read_code(struct socks5_reader *reader, uint8_t byte)
{
	reader->code = byte;
	if (reader->answer != SOCKS5_ANSWER_METHOD)
		return byte == 0 ? SOCKS5_MORE : SOCKS5_REFUSED;
	if (byte == SOCKS5_NO_METHOD)
		return SOCKS5_REFUSED;
	return byte == SOCKS5_METHOD_NONE || byte == SOCKS5_METHOD_PASSWORD ? SOCKS5_MORE : SOCKS5_GARBAGE;
}

static enum socks5_progress read_address_type(struct socks5_reader *reader, uint8_t byte)
{
	if (byte == ADDRESS_IP)
		reader->length = REPLY_HEAD + sizeof(struct in_addr) + sizeof(uint16_t);
	else if (byte == ADDRESS_IP6)
		reader->length = REPLY_HEAD + sizeof(struct in6_addr) + sizeof(uint16_t);
	else if (byte == ADDRESS_NAME)
		reader->length = 0; /* as the next byte says */
	else
		return SOCKS5_GARBAGE;
	return SOCKS5_MORE;
}

enum socks5_progress socks5_read(struct socks5_reader *reader, uint8_t byte)
{
	const uint8_t version = reader->answer == SOCKS5_ANSWER_PASSWORD ? PASSWORD_VERSION : VERSION;
	enum socks5_progress progress = SOCKS5_MORE;

	if (reader->read == 0)
		progress = byte == version ? SOCKS5_MORE : SOCKS5_GARBAGE;
	else if (reader->read == 1)
		progress = read_code(reader, byte);
	else if (reader->read == 2)
		progress = byte == 0 ? SOCKS5_MORE : SOCKS5_GARBAGE;
	else if (reader->read == REPLY_HEAD - 1)
		progress = read_address_type(reader, byte);
	else if (reader->length == 0)
		reader->length = (uint16_t)(REPLY_HEAD + NAME_REPLY_REST + byte);
	reader->read++;
	return progress == SOCKS5_MORE && reader->read == reader->length ? SOCKS5_WHOLE : progress;
}

const char *socks5_describe(uint8_t code)
{
	static const char *const texts[] = {
		N_("succeeded"),	   N_("general failure"),	N_("not allowed by its rules"),
		N_("network unreachable"), N_("host unreachable"),	N_("connection refused"),
		N_("TTL expired"),	   N_("command not supported"), N_("address type not supported"),
	};

	return code < sizeof(texts) / sizeof(texts[0]) ? _(texts[code]) : _("unknown failure");
}
