/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Headers of SOCKS5's datagrams that have a name for an address. */

#include "unit.h"

#include "relay/socks5_udp.h"

static void test_written_and_read(void **state)
{
	char name[256] = "";
	uint8_t header[SOCKS5_UDP_NAME_MAX];

	(void)state;
	assert_int_equal(socks5_udp_write_name("a.test", 443, header), 13);
	assert_memory_equal(header, "\0\0\0\3\6a.test\x01\xbb", 13);
	for (size_t length = 1; length <= UINT8_MAX; length++) {
		size_t size = 0;
		uint16_t port = 0;

		name[length - 1] = 'n';
		size = socks5_udp_write_name(name, 40000, header);
		assert_int_equal(size, 7 + length);
		assert_memory_equal(header + 5, name, length);
		assert_int_equal(socks5_udp_read_name(header, size, &port), size);
		assert_int_equal(port, 40000);
		for (size_t less = 0; less < size; less++)
			assert_int_equal(socks5_udp_read_name(header, less, &port), 0);
	}
}

static void test_others(void **state)
{
	uint8_t header[SOCKS5_UDP_NAME_MAX];
	const size_t size = socks5_udp_write_name("a.test", 443, header);
	uint16_t port = 7;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		header[i]++; /* reserved, a fragment, an address that is none */
		assert_int_equal(socks5_udp_read_name(header, size, &port), 0);
		header[i]--;
	}
	assert_int_equal(port, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_and_read),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
