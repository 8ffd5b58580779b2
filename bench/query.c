/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "query.h"

#include "driver.h"
#include "nft/ruleset.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

void query_open(struct query *query, const char *set, size_t key_size)
{
	static const char none[32];
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(query->message, NFT_MSG_GETSETELEM, NFPROTO_INET, 0, 1);
	struct nlattr *list = NULL;
	struct nlattr *element = NULL;
	struct nlattr *key = NULL;

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
	mnl_attr_put(message, NFTA_DATA_VALUE, key_size, none);
	mnl_attr_nest_end(message, key);
	mnl_attr_nest_end(message, element);
	mnl_attr_nest_end(message, list);
	query->length = message->nlmsg_len;
	query->key_size = key_size;
	query->key = query->message + query->length - MNL_ALIGN(key_size);

	query->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (query->socket == NULL || mnl_socket_bind(query->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		give_up("can't open a netlink socket");
}

bool query_has(struct query *query, const void *key)
{
	char reply[4096] __attribute__((aligned(8)));
	const struct nlmsghdr *head = (const struct nlmsghdr *)reply;
	const struct nlmsgerr *error = (const struct nlmsgerr *)(reply + sizeof(*head));
	ssize_t length = -1;

	memcpy(query->key, key, query->key_size);
	if (mnl_socket_sendto(query->socket, query->message, query->length) < 0)
		give_up("can't ask for an element");
	length = mnl_socket_recvfrom(query->socket, reply, sizeof(reply));
	if (length < (ssize_t)sizeof(*head))
		give_up("can't read the answer about an element");
	if (head->nlmsg_type != NLMSG_ERROR)
		return true;
	errno = -error->error;
	/* ERESTART and EINTR: a transaction was committed meanwhile */
	if (errno != ENOENT && errno != EINTR && errno != ERESTART)
		give_up("the kernel refuses to tell of an element");
	return false;
}

bool query_await(struct query *query, const void *key, uint64_t patience)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + patience;

	while (!query_has(query, key)) {
		if (clock_ns(CLOCK_MONOTONIC) > end)
			return false;
	}
	return true;
}

void query_close(struct query *query)
{
	mnl_socket_close(query->socket);
}
