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
 * Hears of changes that others make to our table, where the kernel does not protect it (before Linux 6.9). It is not
 * for anything else: while somebody listens, the kernel writes a notification for each element of a transaction.
 */
struct nft_monitor {
	struct netlink netlink;
	bool touched; /* our table, by a transaction whose end was not heard yet */
};

/** What others did to our table. */
struct foreign_change {
	bool happened;
	char by[PROCESS_NAME_SIZE];
};

/**
 * Begins to listen.
 *
 * @monitor: zeroed; nft_monitor_close() it whatever this returns
 * @nft:     whose changes are our own; the kernel leaves them out
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_monitor_open(struct nft_monitor *monitor, const struct nft *nft, struct error *error);

/** Returns the file descriptor that is readable when there is something to hear, or -1. */
int nft_monitor_fd(const struct nft_monitor *monitor);

/**
 * Reads all there is to hear. A transaction counts when its end is heard, which says whose it was and comes a moment
 * after the rest. What was lost for lack of room counts as a change.
 */
void nft_monitor_read(struct nft_monitor *monitor, struct foreign_change *change);

void nft_monitor_close(struct nft_monitor *monitor);

#endif
