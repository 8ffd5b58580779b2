/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "socket/open_sockets.h"

#include "socket/diag.h"
#include "util/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel keeps these without a socket, so no process has them open. */
enum { STATES_WITHOUT_SOCKET = 1 << TCP_TIME_WAIT | 1 << TCP_SYN_RECV };

/* One request's answer. */
struct listing {
	uint8_t protocol;
	const struct inodes *inodes;
	struct open_sockets *sockets;
};

static int compare_inodes(const void *left, const void *right)
{
	const uint32_t a = *(const uint32_t *)left;
	const uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

void inodes_sort(struct inodes *inodes)
{
	if (inodes->count > 0)
		qsort(inodes->items, inodes->count, sizeof(*inodes->items), compare_inodes);
}

static bool has_inode(const struct inodes *inodes, uint32_t inode)
{
	return inodes->count > 0 &&
	       bsearch(&inode, inodes->items, inodes->count, sizeof(inode), compare_inodes) != NULL;
}

static struct endpoint endpoint_of(int family, const void *address, uint16_t port)
{
	struct endpoint endpoint = {.family = family, .port = ntohs(port)};

	memcpy(&endpoint.ip6, address, address_size(family));
	return endpoint;
}

static int note_socket(const struct diag_socket *socket, void *userdata)
{
	const struct listing *listing = userdata;
	struct open_sockets *sockets = listing->sockets;
	const struct inet_diag_msg *head = socket->head;
	const struct nlattr *cgroup = socket->attributes[INET_DIAG_CGROUP_ID];
	struct open_socket *items = NULL;

	if ((head->idiag_family != AF_INET && head->idiag_family != AF_INET6) ||
	    !has_inode(listing->inodes, head->idiag_inode))
		return 0;
	items = array_reserve(sockets->items, &sockets->capacity, sockets->count + 1, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	sockets->items = items;
	items[sockets->count++] = (struct open_socket){
		.cgroup_id = cgroup != NULL ? mnl_attr_get_u64(cgroup) : 0,
		.inode = head->idiag_inode,
		.protocol = listing->protocol,
		.is_listening = listing->protocol == IPPROTO_TCP && head->idiag_state == TCP_LISTEN,
		.local = endpoint_of(head->idiag_family, head->id.idiag_src, head->id.idiag_sport),
		.remote = endpoint_of(head->idiag_family, head->id.idiag_dst, head->id.idiag_dport),
	};
	return 0;
}

int open_sockets_find(const struct inodes *inodes, struct open_sockets *sockets)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_RAW, IPPROTO_SCTP};
	struct netlink netlink = {0};
	int result = netlink_open(&netlink, NETLINK_SOCK_DIAG, 0);

	for (size_t i = 0; i < 2 * sizeof(protocols) && result == 0; i++) {
		struct listing listing = {protocols[i / 2], inodes, sockets};
		const struct diag_reader reader = {note_socket, &listing, &sockets->count};
		const struct diag_request request = {families[i % 2], listing.protocol,
						     ~(uint32_t)STATES_WITHOUT_SOCKET, 0};

		result = diag_list(&netlink, &request, &reader);
	}
	netlink_close(&netlink);
	return result;
}

void open_sockets_clear(struct open_sockets *sockets)
{
	free(sockets->items);
	*sockets = (struct open_sockets){0};
}
