/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any URL of an upstream. What is accepted has what its kind needs, within the limits, and is named by a text that is
 * harmless, without its password, and means the same again; what is refused says why in such a text.
 *
 * Input: the URL.
 */

#include "fuzz.h"

#include "config/upstream.h"
#include "proxy/handshake.h"

#include <string.h>

static void check_accepted(const struct upstream *upstream)
{
	char name[UPSTREAM_NAME_SIZE];
	struct upstream again;
	struct error error;

	CHECK((upstream->kind == UPSTREAM_DIRECT) == (upstream->host == NULL && upstream->path == NULL));
	CHECK((upstream->host != NULL) == (upstream->port != 0));
	CHECK(upstream->path == NULL || (upstream->path[0] == '/' && upstream->address_count == 1));
	CHECK(upstream->user == NULL || (strlen(upstream->user) > 0 && strlen(upstream->user) <= UPSTREAM_TEXT_MAX));
	CHECK(upstream->password == NULL || (upstream->user != NULL && strlen(upstream->password) > 0 &&
					     strlen(upstream->password) <= UPSTREAM_TEXT_MAX));
	upstream_write(upstream, name);
	CHECK(is_harmless(name, strlen(name)));
	if (strchr(name, '\\') != NULL || strchr(name, '%') != NULL)
		return;
	CHECK(upstream_parse(&again, name, &error) == 0);
	CHECK(again.kind == upstream->kind && again.port == upstream->port);
	CHECK(again.host == NULL || strcmp(again.host, upstream->host) == 0);
	CHECK(again.path == NULL || strcmp(again.path, upstream->path) == 0);
	CHECK(again.user == NULL && again.password == NULL);
	upstream_clear(&again);
}

/* What it sends for the longest user and password fits. */
static void check_handshake(const struct upstream *upstream)
{
	const struct destination destination = {.endpoint = {.family = AF_INET6, .port = 65535}};
	struct handshake handshake;
	uint8_t buffer[HANDSHAKE_MESSAGE_MAX];
	size_t length = 0;

	handshake_begin(&handshake, upstream, &destination);
	if (upstream->kind == UPSTREAM_DIRECT)
		return;
	handshake_output(&handshake, buffer, &length);
	CHECK(length > 0 && length <= sizeof(buffer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *url = strndup((const char *)data, size);
	struct upstream upstream;
	struct error error;

	CHECK(url != NULL);
	if (upstream_parse(&upstream, url, &error) == 0) {
		check_accepted(&upstream);
		check_handshake(&upstream);
	} else {
		CHECK(*error.text != '\0' && is_harmless(error.text, strlen(error.text)));
	}
	upstream_clear(&upstream);
	free(url);
	return 0;
}
