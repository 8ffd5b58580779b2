/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_MONITOR_H
#define CGTPROXY_NFT_MONITOR_H

#include "nft/nft.h"
#include "util/error.h"
#include "util/netlink.h"
#include "util/process.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Watches for foreign changes to our table where the kernel does not protect it (before Linux 6.9). Don't use it for
 * anything else: while there is a listener, the kernel sends a notification for each element of a transaction.
 */
struct nft_monitor {
	struct netlink netlink;
	bool touched; /* our table was changed by a transaction whose end has not been received yet */
};

/** What other programs did to our table. */
struct foreign_change {
	bool happened;
	char by[PROCESS_NAME_SIZE];
};

/**
 * Subscribes to notifications.
 *
 * @monitor: zeroed; to be closed with nft_monitor_close() whatever this returns
 * @nft:     the connection that makes our own changes, which the kernel leaves out
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_monitor_open(struct nft_monitor *monitor, const struct nft *nft, struct error *error);

/** Returns the file descriptor that is readable when there are notifications, or -1. */
int nft_monitor_fd(const struct nft_monitor *monitor);

/**
 * Reads all pending notifications. A transaction counts once its end is received, which names its process and arrives a
 * moment after the rest. Notifications lost to a full buffer count as a change.
 */
void nft_monitor_read(struct nft_monitor *monitor, struct foreign_change *change);

void nft_monitor_close(struct nft_monitor *monitor);

#endif
