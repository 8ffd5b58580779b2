/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_MONITOR_H
#define CGTPROXY_NFT_MONITOR_H

#include "util/error.h"
#include "util/process.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Hears of changes to our table that somebody else makes. It takes a kernel without tables that persist without their
 * owner (before Linux 6.9) for anybody else to be able to.
 */
struct nft_monitor {
	struct mnl_socket *socket;
	bool touched; /* our table, by a transaction whose end was not heard yet */
};

/** What others did to our table. */
struct nft_disturbance {
	bool happened;
	char by[PROCESS_NAME_SIZE];
};

/**
 * Begins to listen.
 *
 * @monitor: zeroed; nft_monitor_close() it whatever this returns
 * @port:    netlink port whose changes are our own; the kernel leaves them out
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_monitor_open(struct nft_monitor *monitor, uint32_t port, struct error *error);

/** Returns the file descriptor that is readable when there is something to hear, or -1. */
int nft_monitor_fd(const struct nft_monitor *monitor);

/**
 * Reads all there is to hear. A transaction counts when its end is heard, which says whose it was and comes a moment
 * after the rest. What was lost for lack of room counts as a disturbance.
 */
void nft_monitor_read(struct nft_monitor *monitor, struct nft_disturbance *disturbance);

void nft_monitor_close(struct nft_monitor *monitor);

#endif
