/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Datagrams with headers of our own: lengths, addresses, ports, and sums that a receiver finds right. */

#include "random.h"
#include "unit.h"

#include "relay/raw_datagrams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

static struct endpoint endpoint(int family, const char *text, uint16_t port)
{
	struct endpoint made = {.family = family, .port = port};

	assert_int_equal(inet_pton(family, text, &made.ip6), 1);
	return made;
}

static uint32_t add(uint32_t sum, const void *data, size_t length)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	if (length % 2 != 0)
		sum += (uint32_t)bytes[length - 1] << 8;
	return sum;
}

/* As a receiver does: with the checksum in it, all of it is 0xffff. */
static void assert_sum(const void *addresses, size_t size, const uint8_t *datagram, size_t length)
{
	uint32_t sum = add(IPPROTO_UDP + (uint32_t)length, addresses, size);

	sum = add(sum, datagram, length);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
}

static void check(const struct endpoint *source, const struct endpoint *client, const uint8_t *data, size_t length)
{
	uint8_t packet[RAW_PACKET_MAX];
	const bool is_ip = source->family == AF_INET;
	const size_t head = is_ip ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	const size_t addresses = 2 * address_size(source->family);
	struct udphdr udp;

	assert_int_equal(raw_datagram_write(source, client, data, length, packet), head + sizeof(udp) + length);
	assert_int_equal(packet[0] >> 4, is_ip ? 4 : 6);
	assert_int_equal(packet[is_ip ? 2 : 4] << 8 | packet[is_ip ? 3 : 5],
			 is_ip ? head + sizeof(udp) + length : sizeof(udp) + length);
	assert_int_equal(packet[is_ip ? 9 : 6], IPPROTO_UDP);
	assert_memory_equal(packet + head - addresses, &source->ip6, addresses / 2);
	assert_memory_equal(packet + head - addresses / 2, &client->ip6, addresses / 2);
	memcpy(&udp, packet + head, sizeof(udp));
	assert_int_equal(ntohs(udp.source), source->port);
	assert_int_equal(ntohs(udp.dest), client->port);
	assert_int_equal(ntohs(udp.len), sizeof(udp) + length);
	assert_int_not_equal(udp.check, 0);
	assert_sum(packet + head - addresses, addresses, packet + head, sizeof(udp) + length);
	if (length > 0)
		assert_memory_equal(packet + head + sizeof(udp), data, length);
}

static void test_packets(void **state)
{
	const struct endpoint ends[2][2] = {
		{endpoint(AF_INET, "127.0.0.53", 53), endpoint(AF_INET, "192.0.2.2", 40000)},
		{endpoint(AF_INET6, "2001:db8::53", 53), endpoint(AF_INET6, "::1", 65535)},
	};
	uint8_t data[RAW_DATAGRAM_MAX];
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random(&random);
	for (size_t family = 0; family < 2; family++) {
		for (size_t length = 0; length <= sizeof(data); length++)
			check(&ends[family][0], &ends[family][1], data, length);
		memset(data, 0xff, sizeof(data));
		check(&ends[family][0], &ends[family][1], data, sizeof(data));
		/* one of these has a sum of zero, which is written as 0xffff */
		for (unsigned word = 0; word <= UINT16_MAX; word++) {
			data[0] = (uint8_t)(word >> 8);
			data[1] = (uint8_t)word;
			check(&ends[family][0], &ends[family][1], data, 2);
		}
	}
}

static void test_what_can_not_be_sent(void **state)
{
	const struct endpoint ip = endpoint(AF_INET, "127.0.0.53", 53);
	const struct endpoint ip6 = endpoint(AF_INET6, "::1", 53);
	static const uint8_t data[RAW_DATAGRAM_MAX + 1];
	struct raw_datagrams raw;

	(void)state;
	raw_datagrams_init(&raw);
	assert_int_equal(raw_datagrams_send(&raw, &ip, &ip, data, sizeof(data)), -EINVAL);
	assert_int_equal(raw_datagrams_send(&raw, &ip, &ip6, data, 1), -EINVAL);
	assert_int_equal(raw.fd, -1);
	raw_datagrams_close(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_what_can_not_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
