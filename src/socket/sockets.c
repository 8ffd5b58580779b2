/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/sockets.h"

#include "util/array.h"
#include "util/netlink.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { REQUEST_SIZE = 512 };

struct kind {
	uint8_t protocol;
	uint32_t states; /* a bit for each state that counts, netinet/tcp.h */
};

static int note_socket(const struct nlmsghdr *message, void *data)
{
	struct socket_cgroups *sockets = data;
	const struct inet_diag_msg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute = NULL;
	uint64_t cgroup_id = 0;
	uint64_t *ids = NULL;

	/* a socket that no process has open (any more) has no inode */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->idiag_inode == 0)
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(*head)) {
		if (mnl_attr_get_type(attribute) == INET_DIAG_CGROUP_ID &&
		    mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0)
			cgroup_id = mnl_attr_get_u64(attribute);
	}
	ids = array_reserve(sockets->ids, &sockets->capacity, sockets->count + 1, sizeof(*ids));
	if (ids == NULL)
		return netlink_no_memory();
	sockets->ids = ids;
	ids[sockets->count++] = cgroup_id;
	return MNL_CB_OK;
}

/* port: 0 for all */
static int list_sockets(struct netlink *netlink, uint8_t family, const struct kind *kind, uint16_t port,
			struct socket_cgroups *sockets)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(message, sizeof(*request));
	int result = 0;

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->sdiag_family = family;
	request->sdiag_protocol = kind->protocol;
	request->idiag_states = kind->states;
	request->id.idiag_sport = htons(port);
	result = netlink_request(netlink, message, note_socket, sockets);
	/* without IPv6 or a protocol's module, nothing listens on it */
	return result == -ENOENT || result == -EINTR ? 0 : result;
}

static int find(const struct kind kinds[2], uint16_t port, struct socket_cgroups *sockets)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	for (size_t i = 0; i < sizeof(families) && result == 0; i++) {
		for (size_t j = 0; j < 2 && result == 0; j++)
			result = list_sockets(&netlink, families[i], &kinds[j], port, sockets);
	}
	netlink_close(&netlink);
	return result;
}

int sockets_find_listeners(uint16_t port, struct socket_cgroups *sockets)
{
	/* an unconnected UDP socket has the state of a closed TCP socket */
	static const struct kind kinds[] = {{IPPROTO_TCP, 1U << TCP_LISTEN}, {IPPROTO_UDP, 1U << TCP_CLOSE}};

	return find(kinds, port, sockets);
}

int sockets_find_all(struct socket_cgroups *sockets)
{
	/* the kernel keeps these without a socket, so they have no cgroup */
	static const uint32_t without_socket = 1U << TCP_TIME_WAIT | 1U << TCP_SYN_RECV;
	static const struct kind kinds[] = {{IPPROTO_TCP, ~without_socket}, {IPPROTO_UDP, ~0U}};

	return find(kinds, 0, sockets);
}
