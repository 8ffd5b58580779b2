/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/monitor.h"

#include "nft/attributes.h"
#include "nft/ruleset.h"
#include "util/escape.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct hearing {
	struct nft_monitor *monitor;
	struct foreign_change *change;
};

/*
 * Our own changes would fill the socket's queue, 20,000 elements at a time. A socket filter drops messages from our
 * port: all messages of a notification have the same port (net/netfilter/nf_tables_api.c, nft_commit_notify).
 */
static int leave_out(struct netlink *netlink, uint32_t port)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog filter = {.len = sizeof(instructions) / sizeof(instructions[0]), .filter = instructions};

	return setsockopt(netlink_fd(netlink), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ? -errno : 0;
}

int nft_monitor_open(struct nft_monitor *monitor, const struct nft *nft, struct error *error)
{
	int result = netlink_open(&monitor->netlink, NETLINK_NETFILTER, SOCK_NONBLOCK);

	if (result == 0)
		result = leave_out(&monitor->netlink, nft->netlink.port);
	if (result == 0)
		result = netlink_set(&monitor->netlink, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES);
	if (result < 0)
		return error_set(error, result, "can't subscribe to nftables changes: %s", strerror(-result));
	return 0;
}

int nft_monitor_fd(const struct nft_monitor *monitor)
{
	return netlink_fd(&monitor->netlink);
}

void nft_monitor_close(struct nft_monitor *monitor)
{
	netlink_close(&monitor->netlink);
}

/* In all messages about a table's objects, attribute 1 is the table's name: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, ... */
static bool is_about_our_table(const struct nlmsghdr *message)
{
	struct attributes attributes;
	const char *table = NULL;

	attributes_of_message(&attributes, message);
	table = attribute_text(attributes.of[NFTA_TABLE_NAME]);
	return table != NULL && strcmp(table, TABLE_NAME) == 0;
}

/* The message that ends a transaction names its process. */
static void read_author(const struct nlmsghdr *message, struct foreign_change *change)
{
	struct attributes generation;
	const char *name = NULL;
	uint32_t process = 0;
	char shown[64];

	attributes_of_message(&generation, message);
	attribute_u32(generation.of[NFTA_GEN_PROC_PID], &process);
	name = attribute_text(generation.of[NFTA_GEN_PROC_NAME]);
	if (name != NULL)
		snprintf(change->by, sizeof(change->by), _("process %" PRIu32 " (%s)"), process,
			 escape(shown, sizeof(shown), name, strlen(name)));
}

static int hear(const struct nlmsghdr *message, void *data)
{
	struct hearing *hearing = data;
	struct foreign_change *change = hearing->change;

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return MNL_CB_OK;
	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWGEN) {
		hearing->monitor->touched = hearing->monitor->touched || is_about_our_table(message);
		return MNL_CB_OK;
	}
	if (!hearing->monitor->touched)
		return MNL_CB_OK;
	hearing->monitor->touched = false;
	change->happened = true;
	if (change->by[0] == '\0')
		read_author(message, change);
	return MNL_CB_OK;
}

static void note_loss(struct hearing *hearing)
{
	hearing->change->happened = true;
	hearing->monitor->touched = false; /* the end may have been lost as well */
}

void nft_monitor_read(struct nft_monitor *monitor, struct foreign_change *change)
{
	struct hearing hearing = {monitor, change};
	int result = 0;

	*change = (struct foreign_change){0};
	do {
		result = netlink_hear(&monitor->netlink, hear, &hearing);
		if (result < 0)
			note_loss(&hearing);
	} while (result > 0 || result == -ENOBUFS);
	if (change->by[0] == '\0')
		snprintf(change->by, sizeof(change->by), "%s", _("another program"));
}
