/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/monitor.h"

#include "nft/ruleset.h"
#include "util/escape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { RECEIVE_SIZE = 32 * 1024 };

struct hearing {
	struct nft_monitor *monitor;
	struct foreign_change *disturbance;
};

/*
 * Our own changes would fill the queue of the socket, 20,000 elements at a time. The kernel is told to drop what comes
 * of our port: all messages of a notification are of one port (net/netfilter/nf_tables_api.c, nft_commit_notify). The
 * one that ends a transaction is sent by itself (nf_tables_gen_notify), so that the others can be left out as well.
 */
static int leave_out(struct mnl_socket *socket, uint32_t port, bool all_but_ends)
{
	const uint16_t end = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 3, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(end), 0, all_but_ends),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {.len = sizeof(instructions) / sizeof(instructions[0]), .filter = instructions};

	return setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

int nft_monitor_open(struct nft_monitor *monitor, uint32_t port, bool protected, struct error *error)
{
	int group = NFNLGRP_NFTABLES;

	monitor->ends_only = protected;
	monitor->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (monitor->socket == NULL || leave_out(monitor->socket, port, protected) < 0 ||
	    mnl_socket_bind(monitor->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(monitor->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return error_set(error, -errno, "can't listen to changes of nftables: %s", strerror(errno));
	return 0;
}

int nft_monitor_fd(const struct nft_monitor *monitor)
{
	return monitor->socket != NULL ? mnl_socket_get_fd(monitor->socket) : -1;
}

void nft_monitor_close(struct nft_monitor *monitor)
{
	if (monitor->socket != NULL)
		mnl_socket_close(monitor->socket);
	monitor->socket = NULL;
}

/* In every message about a part of a table, attribute 1 is the table's name: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, ... */
static bool is_about_our_table(const struct nlmsghdr *message)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attribute) == NFTA_TABLE_NAME &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			return strcmp(mnl_attr_get_str(attribute), TABLE_NAME) == 0;
	}
	return false;
}

/* The message that ends a transaction says which process made it. */
static void read_author(const struct nlmsghdr *message, struct foreign_change *disturbance)
{
	const struct nlattr *attribute = NULL;
	const char *name = NULL;
	uint32_t process = 0;
	char shown[64];

	mnl_attr_for_each (attribute, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attribute) == NFTA_GEN_PROC_PID &&
		    mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
			process = ntohl(mnl_attr_get_u32(attribute));
		if (mnl_attr_get_type(attribute) == NFTA_GEN_PROC_NAME &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(attribute);
	}
	if (name != NULL)
		snprintf(disturbance->by, sizeof(disturbance->by), "process %u (%s)", process,
			 escape(shown, sizeof(shown), name, strlen(name)));
}

static int hear(const struct nlmsghdr *message, void *data)
{
	struct hearing *hearing = data;
	struct foreign_change *disturbance = hearing->disturbance;

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return MNL_CB_OK;
	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWGEN) {
		hearing->monitor->touched = hearing->monitor->touched || is_about_our_table(message);
		return MNL_CB_OK;
	}
	disturbance->others = true;
	if (!hearing->monitor->touched)
		return MNL_CB_OK;
	hearing->monitor->touched = false;
	disturbance->happened = true;
	if (disturbance->by[0] == '\0')
		read_author(message, disturbance);
	return MNL_CB_OK;
}

void nft_monitor_read(struct nft_monitor *monitor, struct foreign_change *disturbance)
{
	char buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
	struct hearing hearing = {monitor, disturbance};

	*disturbance = (struct foreign_change){0};
	for (;;) {
		ssize_t length = mnl_socket_recvfrom(monitor->socket, buffer, sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			break;
		if (length < 0) {
			disturbance->others = true;
			disturbance->happened = !monitor->ends_only;
			monitor->touched = false; /* the end may be among what was lost */
			if (errno == ENOBUFS)
				continue;
			break;
		}
		mnl_cb_run(buffer, (size_t)length, 0, 0, hear, &hearing);
	}
	if (disturbance->by[0] == '\0')
		snprintf(disturbance->by, sizeof(disturbance->by), "another program");
}
