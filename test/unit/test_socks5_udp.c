/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* UDP over SOCKS5, as bytes: how it is asked for, where datagrams are sent to, and their headers. */

#include "unit.h"

#include "proxy/destination.h"
#include "proxy/handshake.h"
#include "relay/socks5_udp.h"

#include <arpa/inet.h>

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static struct endpoint endpoint(const char *address, uint16_t port)
{
	struct endpoint result = {.family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET, .port = port};

	assert_int_equal(inet_pton(result.family, address, &result.ip6), 1);
	return result;
}

static void test_write(void **state)
{
	const struct endpoint ip = endpoint("192.0.2.1", 0x1234);
	const struct endpoint ip6 = endpoint("2001:db8::1", 53);
	uint8_t out[SOCKS5_UDP_HEADER_MAX];

	(void)state;
	assert_int_equal(socks5_udp_write(&ip, out), 10);
	assert_memory_equal(out, "\0\0\0\1\300\0\2\1\x12\x34", 10);
	assert_int_equal(socks5_udp_write(&ip6, out), 22);
	assert_memory_equal(out, "\0\0\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x35", 22);
}

/* Of each length; data may follow. */
static void test_read(void **state)
{
	static const char *const addresses[] = {"192.0.2.1", "2001:db8::1", "0.0.0.0", "::"};

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const struct endpoint wanted = endpoint(addresses[i], 4321);
		uint8_t data[SOCKS5_UDP_HEADER_MAX + 4] = {0};
		const size_t header = socks5_udp_write(&wanted, data);

		for (size_t length = 0; length <= sizeof(data); length++) {
			struct endpoint source;

			assert_int_equal(socks5_udp_read(data, length, &source), length < header ? 0 : header);
			if (length >= header)
				assert_int_equal(endpoint_compare(&source, &wanted), 0);
		}
	}
}

static void test_read_mapped(void **state)
{
	const struct endpoint wanted = endpoint("192.0.2.1", 53);
	struct endpoint source;

	(void)state;
	assert_int_equal(socks5_udp_read(BYTES("\0\0\0\4\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1\0\x35"), &source), 22);
	assert_int_equal(endpoint_compare(&source, &wanted), 0);
}

static void test_read_garbage(void **state)
{
	static const char rest[] = "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23";
	static const char *const heads[] = {
		"\1\0\0\1", "\0\1\0\1", "\0\0\1\1", "\0\0\x80\1", "\0\0\0\0", "\0\0\0\2", "\0\0\0\3", "\0\0\0\5",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		uint8_t data[4 + sizeof(rest)];
		struct endpoint source;

		memcpy(data, heads[i], 4);
		memcpy(data + 4, rest, sizeof(rest));
		assert_int_equal(socks5_udp_read(data, sizeof(data), &source), 0);
	}
}

static void test_bound(void **state)
{
	uint8_t reply[SOCKS5_UDP_HEADER_MAX] = {5, 0, 0, 1, 192, 0, 2, 1, 0x12, 0x34};
	const struct endpoint wanted = endpoint("192.0.2.1", 0x1234);
	struct endpoint bound;

	(void)state;
	assert_true(socks5_read_bound(reply, &bound));
	assert_int_equal(endpoint_compare(&bound, &wanted), 0);
	reply[8] = reply[9] = 0;
	assert_false(socks5_read_bound(reply, &bound));
	reply[9] = 1;
	reply[3] = 3;
	assert_false(socks5_read_bound(reply, &bound));
}

/* The same handshake as for TCP, and another request. */
static void test_handshake(void **state)
{
	struct upstream upstream;
	struct error error;
	struct handshake handshake;
	uint8_t buffer[HANDSHAKE_MESSAGE_MAX];
	size_t length = 0;

	(void)state;
	assert_int_equal(upstream_parse(&upstream, "socks5://u:p@h:1", &error), 0);
	handshake_begin_association(&handshake, &upstream, AF_INET);
	handshake_output(&handshake, buffer, &length);
	handshake_sent(&handshake, length, true);
	assert_int_equal(handshake_take(&handshake, BYTES("\5\2")), 2);
	handshake_output(&handshake, buffer, &length);
	assert_memory_equal(buffer, "\1\1u\1p", 5);
	handshake_sent(&handshake, length, true);
	assert_int_equal(handshake_take(&handshake, BYTES("\1\0")), 2);
	handshake_output(&handshake, buffer, &length);
	assert_int_equal(length, 10);
	assert_memory_equal(buffer, "\5\3\0\1\0\0\0\0\0\0", 10);
	handshake_sent(&handshake, length, true);
	assert_int_equal(handshake_take(&handshake, BYTES("\5\0\0\1\177\0\0\1\0\1")), 10);
	assert_int_equal(handshake.state, HANDSHAKE_READY);

	handshake_begin_association(&handshake, &upstream, AF_INET6);
	handshake_sent(&handshake, 4, true);
	handshake_take(&handshake, BYTES("\5\0"));
	handshake_output(&handshake, buffer, &length);
	assert_int_equal(length, 22);
	assert_memory_equal(buffer, "\5\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
	upstream_clear(&upstream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),	     cmocka_unit_test(test_read),  cmocka_unit_test(test_read_mapped),
		cmocka_unit_test(test_read_garbage), cmocka_unit_test(test_bound), cmocka_unit_test(test_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
