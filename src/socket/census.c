/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/census.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	REQUEST_SIZE = 256,
	/* the kernel keeps these without a socket, so they have no cgroup */
	STATES_WITHOUT_SOCKET = 1 << TCP_TIME_WAIT | 1 << TCP_SYN_RECV,
};

static const struct socket_protocol protocols[] = {
	{IPPROTO_TCP, "TCP", "tcp_diag", "CONFIG_INET_TCP_DIAG"},
	{IPPROTO_UDP, "UDP", "udp_diag", "CONFIG_INET_UDP_DIAG"},
	{IPPROTO_UDPLITE, "UDP-Lite", NULL, NULL},
	{IPPROTO_RAW, "raw", NULL, NULL},
	{IPPROTO_SCTP, "SCTP", NULL, NULL},
	{IPPROTO_MPTCP, "MPTCP", NULL, NULL},
};

static const uint8_t families[] = {AF_INET, AF_INET6};

/* Each protocol is requested for each family. */
enum { QUESTION_COUNT = sizeof(protocols) / sizeof(protocols[0]) * sizeof(families) };

const struct socket_protocol *socket_census_asked(const struct socket_census *census)
{
	const size_t at = census->at < QUESTION_COUNT ? census->at : QUESTION_COUNT - 1;

	return &protocols[at / sizeof(families)];
}

int socket_census_open(struct socket_census *census)
{
	*census = (struct socket_census){.poll = epoll_create1(EPOLL_CLOEXEC)};
	return census->poll < 0 ? -errno : 0;
}

static int ask(struct socket_census *census)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(message, sizeof(*request));
	const uint32_t protocol = socket_census_asked(census)->protocol;

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->sdiag_family = families[census->at % sizeof(families)];
	request->sdiag_protocol = protocol <= UINT8_MAX ? (uint8_t)protocol : IPPROTO_TCP;
	request->idiag_states = census->states;
	/* a protocol that does not fit goes into an attribute (net/ipv4/inet_diag.c, inet_diag_get_protocol) */
	if (protocol > UINT8_MAX)
		mnl_attr_put_u32(message, INET_DIAG_REQ_PROTOCOL, protocol);
	return netlink_ask(&census->netlink, message);
}

/*
 * Each census has its own socket, so unread answers of one can't reach the next; the descriptor to poll stays the same.
 */
static int begin(struct socket_census *census, uint32_t states)
{
	struct epoll_event event = {.events = EPOLLIN};
	int result = 0;

	netlink_close(&census->netlink);
	census->at = 0;
	census->states = states;
	result = netlink_open(&census->netlink, NETLINK_SOCK_DIAG, SOCK_NONBLOCK);
	if (result == 0 && epoll_ctl(census->poll, EPOLL_CTL_ADD, netlink_fd(&census->netlink), &event) < 0)
		result = -errno;
	if (result == 0)
		result = ask(census);
	if (result < 0)
		netlink_close(&census->netlink);
	return result;
}

int socket_census_begin(struct socket_census *census)
{
	return begin(census, ~(uint32_t)STATES_WITHOUT_SOCKET);
}

static int note_socket(const struct nlmsghdr *message, void *data)
{
	const struct socket_listener *listener = data;
	const struct nlattr *attribute = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct inet_diag_msg))
		return MNL_CB_OK;
	mnl_attr_for_each (attribute, message, sizeof(struct inet_diag_msg)) {
		if (mnl_attr_get_type(attribute) == INET_DIAG_CGROUP_ID &&
		    mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0)
			listener->found(mnl_attr_get_u64(attribute), listener->userdata);
	}
	return MNL_CB_OK;
}

/* Returns 1 when there is more of the answer to a request, 0 at its end, or a negative errno. */
static int read_answer(struct socket_census *census, const struct socket_listener *listener)
{
	struct socket_listener copy = *listener; /* libmnl's callbacks take non-const data */
	bool changed = false;
	const struct netlink_reader reader = {.note = note_socket, .data = &copy, .changed = &changed};
	int result = netlink_read(&census->netlink, &reader);

	if (result == -EAGAIN)
		return 1;
	if (result == -ENOENT && socket_census_asked(census)->module == NULL)
		return 0;
	return result >= 0 && changed ? -EINTR : result;
}

int socket_census_read(struct socket_census *census, const struct socket_listener *listener)
{
	int result = 0;

	if (netlink_fd(&census->netlink) < 0)
		return 0;
	result = read_answer(census, listener);
	if (result == 0 && ++census->at < QUESTION_COUNT) {
		result = ask(census);
		result = result < 0 ? result : 1;
	}
	if (result <= 0)
		netlink_close(&census->netlink);
	return result;
}

static void ignore(uint64_t cgroup_id, void *userdata)
{
	(void)cgroup_id;
	(void)userdata;
}

int socket_census_try(struct socket_census *census)
{
	const struct socket_listener nobody = {ignore, NULL};
	int result = begin(census, 0); /* no state requested: matches no socket */

	if (result == 0)
		result = 1;
	while (result > 0)
		result = socket_census_read(census, &nobody);
	return result;
}

void socket_census_close(struct socket_census *census)
{
	netlink_close(&census->netlink);
	if (census->poll >= 0)
		close(census->poll);
	census->poll = -1;
}
