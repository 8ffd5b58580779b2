/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/tcp_traffic.h"

#include "util/array.h"
#include "util/netlink.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
	REQUEST_SIZE = 512,
	/* States without data, or without a socket; netinet/tcp.h has them, but excludes linux/tcp.h. */
	STATE_SYN_RECV = 3,
	STATE_TIME_WAIT = 6,
	STATE_CLOSE = 7,
	STATE_LISTEN = 10,
	TRIES = 3, /* as DIAG_TRIES of socket/diag.h */
};

/* The kernel gives as much of the structure as it has. */
static void read_info(const struct nlattr *attribute, struct tcp_traffic *traffic)
{
	struct tcp_info info = {0};
	const size_t length = mnl_attr_get_payload_len(attribute);

	memcpy(&info, mnl_attr_get_payload(attribute), length < sizeof(info) ? length : sizeof(info));
	traffic->received = info.tcpi_bytes_received;
	traffic->sent = info.tcpi_bytes_acked;
}

static int note_connection(const struct nlmsghdr *message, void *data)
{
	struct tcp_traffics *traffics = data;
	const struct inet_diag_msg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;
	struct tcp_traffic traffic = {0};
	struct tcp_traffic *items = NULL;

	/* a socket that no process has open any more has no inode */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->idiag_inode == 0)
		return MNL_CB_OK;
	/* two numbers of 32 bits, the lower first (net/core/sock_diag.c: sock_diag_save_cookie) */
	traffic.cookie = (uint64_t)head->id.idiag_cookie[1] << 32 | head->id.idiag_cookie[0];
	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_type(attribute) == INET_DIAG_CGROUP_ID &&
		    mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0)
			traffic.cgroup_id = mnl_attr_get_u64(attribute);
		if (mnl_attr_get_type(attribute) == INET_DIAG_INFO)
			read_info(attribute, &traffic);
	}
	items = array_reserve(traffics->items, &traffics->capacity, traffics->count + 1, sizeof(*items));
	if (items == NULL)
		return netlink_no_memory();
	traffics->items = items;
	items[traffics->count++] = traffic;
	return MNL_CB_OK;
}

static int list_connections(struct netlink *netlink, uint8_t family, struct tcp_traffics *traffics)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(message, sizeof(*request));
	const size_t before = traffics->count;
	int result = 0;

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->sdiag_family = family;
	request->sdiag_protocol = IPPROTO_TCP;
	request->idiag_states =
		~(1U << STATE_SYN_RECV | 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE | 1U << STATE_LISTEN);
	request->idiag_ext = 1U << (INET_DIAG_INFO - 1);
	result = netlink_request(netlink, message, note_connection, traffics);
	for (int tries = 1; result == -EINTR && tries < TRIES; tries++) {
		traffics->count = before;
		result = netlink_request(netlink, message, note_connection, traffics);
	}
	/* without IPv6 or the module for TCP, there is none */
	return result == -ENOENT || result == -EINTR ? 0 : result;
}

int tcp_traffic_read(struct tcp_traffics *traffics)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	for (size_t i = 0; i < sizeof(families) && result == 0; i++)
		result = list_connections(&netlink, families[i], traffics);
	netlink_close(&netlink);
	return result;
}
