/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/diag.h"

#include "util/address.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

enum { REQUEST_SIZE = 512 };

struct reading {
	const struct diag_reader *reader;
	int result;
};

/* The least length of those attributes that are read here; others are not shown. */
static size_t least_length(uint16_t type)
{
	switch (type) {
	case INET_DIAG_CGROUP_ID:
		return sizeof(uint64_t);
	case INET_DIAG_MARK:
		return sizeof(uint32_t);
	case INET_DIAG_SKV6ONLY:
		return sizeof(uint8_t);
	case INET_DIAG_SOCKOPT:
		return sizeof(struct inet_diag_sockopt);
	default:
		return SIZE_MAX;
	}
}

static int note_socket(const struct nlmsghdr *message, void *data)
{
	struct reading *reading = data;
	struct diag_socket socket = {.head = mnl_nlmsg_get_payload(message)};
	const struct nlattr *attribute = NULL;

	/* what no process has open (any more) has no inode */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*socket.head) || socket.head->idiag_inode == 0)
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(*socket.head)) {
		const uint16_t type = mnl_attr_get_type(attribute);

		if (type <= INET_DIAG_MAX && mnl_attr_get_payload_len(attribute) >= least_length(type))
			socket.attributes[type] = attribute;
	}
	reading->result = reading->reader->note(&socket, reading->reader->userdata);
	if (reading->result == 0)
		return MNL_CB_OK;
	errno = -reading->result;
	return MNL_CB_ERROR;
}

struct request_buffer {
	char bytes[REQUEST_SIZE] __attribute__((aligned(8)));
};

static struct nlmsghdr *begin_request(struct request_buffer *buffer, const struct diag_request *request,
				      struct inet_diag_req_v2 **payload)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer->bytes);

	*payload = mnl_nlmsg_put_extra_header(message, sizeof(**payload));
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	(*payload)->sdiag_family = request->family;
	(*payload)->sdiag_protocol = request->protocol;
	(*payload)->idiag_states = request->states;
	return message;
}

static int ask(struct netlink *netlink, struct nlmsghdr *message, const struct diag_reader *reader)
{
	const size_t before = *reader->count;
	struct reading reading = {reader, 0};
	int result = netlink_request(netlink, message, note_socket, &reading);

	for (int tries = 1; result == -EINTR && tries < DIAG_TRIES; tries++) {
		*reader->count = before;
		result = netlink_request(netlink, message, note_socket, &reading);
	}
	return result == -ENOENT || result == -EINTR ? 0 : result;
}

int diag_list(struct netlink *netlink, const struct diag_request *request, const struct diag_reader *reader)
{
	struct request_buffer buffer;
	struct inet_diag_req_v2 *payload = NULL;
	struct nlmsghdr *message = begin_request(&buffer, request, &payload);

	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	payload->id.idiag_sport = htons(request->port);
	return ask(netlink, message, reader);
}

/* Source and destination are exchanged, see net/ipv4/udp_diag.c, udp_dump_one(). */
int diag_find_udp(struct netlink *netlink, const struct diag_request *request, const void *address, uint32_t interface,
		  const struct diag_reader *reader)
{
	struct request_buffer buffer;
	struct inet_diag_req_v2 *payload = NULL;
	struct nlmsghdr *message = begin_request(&buffer, request, &payload);

	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	payload->id.idiag_dport = htons(request->port);
	memcpy(payload->id.idiag_dst, address, address_size(request->family));
	payload->id.idiag_if = interface;
	payload->id.idiag_cookie[0] = payload->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return ask(netlink, message, reader);
}

int diag_list_all(uint32_t tcp_states, const struct diag_reader *reader)
{
	const struct diag_request requests[] = {
		{AF_INET, IPPROTO_TCP, tcp_states, 0},
		{AF_INET, IPPROTO_UDP, ~0U, 0},
		{AF_INET6, IPPROTO_TCP, tcp_states, 0},
		{AF_INET6, IPPROTO_UDP, ~0U, 0},
	};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && result == 0; i++)
		result = diag_list(&netlink, &requests[i], reader);
	netlink_close(&netlink);
	return result;
}
