/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/listener.h"

#include "util/array.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
	REQUEST_SIZE = 512,
	RECEIVE_SIZE = 32 * 1024,
};

static int note_socket(const struct nlmsghdr *message, void *data)
{
	struct listeners *listeners = data;
	const struct nlattr *attribute = NULL;
	uint64_t cgroup_id = 0;
	uint64_t *ids = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct inet_diag_msg))
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(struct inet_diag_msg)) {
		if (mnl_attr_get_type(attribute) == INET_DIAG_CGROUP_ID &&
		    mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0)
			cgroup_id = mnl_attr_get_u64(attribute);
	}
	ids = array_reserve(listeners->cgroup_ids, &listeners->capacity, listeners->count + 1, sizeof(*ids));
	if (ids == NULL) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	listeners->cgroup_ids = ids;
	ids[listeners->count++] = cgroup_id;
	return MNL_CB_OK;
}

static int list_sockets(struct mnl_socket *socket, uint8_t family, uint8_t protocol, uint16_t port,
			struct listeners *listeners)
{
	char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(message, sizeof(*request));
	int more = MNL_CB_OK;

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->sdiag_family = family;
	request->sdiag_protocol = protocol;
	/* an unconnected UDP socket is in the state that TCP calls closed */
	request->idiag_states = protocol == IPPROTO_TCP ? 1U << TCP_LISTEN : 1U << TCP_CLOSE;
	request->id.idiag_sport = htons(port);
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (more == MNL_CB_OK) {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		more = mnl_cb_run(buffer, (size_t)length, 0, 0, note_socket, listeners);
	}
	/* without IPv6, or without the module for a protocol, nothing of it listens */
	return more == MNL_CB_ERROR && errno != ENOENT && errno != EINTR ? -errno : 0;
}

int listeners_find(uint16_t port, struct listeners *listeners)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	int result = 0;

	if (socket == NULL)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		result = -errno;
	for (size_t i = 0; i < sizeof(families) && result == 0; i++) {
		for (size_t j = 0; j < sizeof(protocols) && result == 0; j++)
			result = list_sockets(socket, families[i], protocols[j], port, listeners);
	}
	mnl_socket_close(socket);
	return result;
}
