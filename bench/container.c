/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From the request for a veth, whose other end is in a container's network namespace, to the moment when the kernel has
 * the container's element; and from the moment when it has the veth and says so. The daemon hears of the veth in
 * between.
 */

#include "driver.h"
#include "engine/names.h"
#include "query.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#define PATIENCE UINT64_C(5000000000)

/* What "ip link add NAME type veth peer name eth0 netns NAMESPACE" requests. */
static void write_request(struct nlmsghdr *message, const char *name, int namespace)
{
	struct nlattr *info = NULL;
	struct nlattr *data = NULL;
	struct nlattr *peer = NULL;

	message->nlmsg_type = RTM_NEWLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_str(message, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, "eth0");
	mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t) namespace);
	mnl_attr_nest_end(message, peer);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
}

static void make_veth(struct mnl_socket *socket, struct nlmsghdr *message)
{
	char reply[4096] __attribute__((aligned(8)));
	const struct nlmsgerr *error = (const struct nlmsgerr *)(reply + sizeof(struct nlmsghdr));

	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(socket, reply, sizeof(reply)) < 0)
		give_up("can't ask for a veth");
	errno = -error->error;
	if (errno != 0)
		give_up("the kernel refuses to make a veth");
}

int cmd_container(int count, char **arguments)
{
	CLEANUP(closep) int namespace = open(arguments[0], O_RDONLY | O_CLOEXEC);
	char buffer[4096] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct query query;
	uint64_t begin = 0;
	uint64_t made = 0;
	uint32_t index = 0;

	(void)count;
	if (namespace < 0 || socket == NULL || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		give_up("can't open %s, or a netlink socket", arguments[0]);
	write_request(message, arguments[1], namespace);
	query_open(&query, MAP_CONTAINER_INTERFACE, sizeof(index));
	begin = clock_ns(CLOCK_MONOTONIC);
	make_veth(socket, message);
	made = clock_ns(CLOCK_MONOTONIC);
	index = if_nametoindex(arguments[1]);
	if (query_await(&query, &index, PATIENCE)) {
		const uint64_t end = clock_ns(CLOCK_MONOTONIC);

		printf("%" PRIu64 " %" PRIu64 "\n", end - begin, end - made);
	} else {
		puts("missed");
	}
	query_close(&query);
	mnl_socket_close(socket);
	return 0;
}
