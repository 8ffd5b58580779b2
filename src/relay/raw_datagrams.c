/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/raw_datagrams.h"

#include "proxy/destination.h"
#include "util/cleanup.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

enum { HOPS = 64 };

/* Adds the words of what is summed up (RFC 1071); an odd byte at the end has a zero behind it. */
static uint32_t add_words(uint32_t sum, const void *data, size_t length)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	return sum;
}

/* That of UDP, which covers the addresses too (RFC 768, RFC 8200, 8.1). */
static uint16_t find_checksum(const struct endpoint *source, const struct endpoint *client, const void *datagram,
			      size_t length)
{
	const size_t size = address_size(source->family);
	uint32_t sum = IPPROTO_UDP + (uint32_t)length;

	sum = add_words(sum, &source->ip6, size);
	sum = add_words(sum, &client->ip6, size);
	sum = add_words(sum, datagram, length);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum != 0xffff ? (uint16_t)~sum : 0xffff; /* zero would say that there is none */
}

static size_t write_ip(const struct endpoint *source, const struct endpoint *client, size_t length, uint8_t *out)
{
	const struct iphdr head = {
		.version = IPVERSION,
		.ihl = sizeof(head) / 4,
		.tot_len = htons((uint16_t)(sizeof(head) + length)),
		.ttl = HOPS,
		.protocol = IPPROTO_UDP,
		.saddr = source->ip.s_addr,
		.daddr = client->ip.s_addr,
	};

	memcpy(out, &head, sizeof(head));
	return sizeof(head);
}

static size_t write_ip6(const struct endpoint *source, const struct endpoint *client, size_t length, uint8_t *out)
{
	const struct ip6_hdr head = {
		.ip6_flow = htonl(UINT32_C(6) << 28),
		.ip6_plen = htons((uint16_t)length),
		.ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = HOPS,
		.ip6_src = source->ip6,
		.ip6_dst = client->ip6,
	};

	memcpy(out, &head, sizeof(head));
	return sizeof(head);
}

size_t raw_datagram_write(const struct endpoint *source, const struct endpoint *client, const void *data, size_t length,
			  uint8_t *out)
{
	struct udphdr head = {
		.source = htons(source->port),
		.dest = htons(client->port),
		.len = htons((uint16_t)(sizeof(head) + length)),
	};
	const size_t size = sizeof(head) + length;
	const size_t begin =
		source->family == AF_INET ? write_ip(source, client, size, out) : write_ip6(source, client, size, out);

	memcpy(out + begin, &head, sizeof(head));
	memcpy(out + begin + sizeof(head), data, length);
	head.check = htons(find_checksum(source, client, out + begin, size));
	memcpy(out + begin, &head, sizeof(head));
	return begin + size;
}

void raw_datagrams_init(struct raw_datagrams *raw)
{
	*raw = (struct raw_datagrams){-1, -1};
}

int raw_datagrams_send(struct raw_datagrams *raw, const struct endpoint *source, const struct endpoint *client,
		       const void *data, size_t length)
{
	/* a socket of this kind takes a protocol's number for the port */
	const struct endpoint target = {.family = client->family, .ip6 = client->ip6};
	int *fd = client->family == AF_INET ? &raw->fd : &raw->fd6;
	uint8_t packet[RAW_PACKET_MAX];
	struct sockaddr_storage address;
	const socklen_t address_length = endpoint_to_sockaddr(&target, &address);
	size_t size = 0;

	if (length > RAW_DATAGRAM_MAX || source->family != client->family)
		return -EINVAL;
	if (*fd < 0)
		*fd = socket(client->family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (*fd < 0)
		return -errno;
	size = raw_datagram_write(source, client, data, length, packet);
	return sendto(*fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
		      address_length) < 0
		       ? -errno
		       : 0;
}

void raw_datagrams_close(struct raw_datagrams *raw)
{
	closep(&raw->fd);
	closep(&raw->fd6);
	raw_datagrams_init(raw);
}
