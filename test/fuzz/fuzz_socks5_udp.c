/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Whatever an upstream sends as a datagram. A header is read if a second reader, which has the RFC's picture of it in
 * mind, reads the same; one that is written again is the same or that of the address mapped to IPv6.
 *
 * Input: a datagram.
 */

#include "fuzz.h"

#include "relay/socks5_udp.h"

#include <netinet/in.h>
#include <string.h>

static size_t length_by_rfc(const uint8_t *data, size_t size)
{
	const size_t length = size < 4 ? 0 : data[3] == 1 ? 10 : data[3] == 4 ? 22 : 0;

	return length > 0 && size >= length && (data[0] | data[1] | data[2]) == 0 ? length : 0;
}

static void check(const struct endpoint *endpoint, const uint8_t *data, size_t length)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t again[SOCKS5_UDP_HEADER_MAX];
	const size_t written = socks5_udp_write(endpoint, again);

	if (written == length) {
		CHECK(memcmp(again, data, length) == 0);
		return;
	}
	CHECK(written == 10 && length == 22 && memcmp(data + 4, mapped, sizeof(mapped)) == 0);
	CHECK(memcmp(again + 4, data + 16, 6) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct endpoint endpoint = {0};
	uint8_t reply[SOCKS5_UDP_HEADER_MAX];
	const size_t length = socks5_udp_read(data, size, &endpoint);

	CHECK(length == length_by_rfc(data, size));
	if (length > 0)
		check(&endpoint, data, length);
	if (size < sizeof(reply))
		return 0;
	memcpy(reply, data, sizeof(reply));
	if (socks5_read_bound(reply, &endpoint)) {
		CHECK(endpoint.port != 0);
		memset(reply, 0, 3);
		check(&endpoint, reply, reply[3] == 1 ? 10 : 22);
	}
	return 0;
}
