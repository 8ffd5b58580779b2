/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_NETLINK_H
#define CGTPROXY_UTIL_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>

/**
 * Takes what was received of an answer, as mnl_cb_run() does, but does not take for a complete list one that the kernel
 * gave up: it tells that in the message that ends the list (net/netlink/af_netlink.c, netlink_dump_done), which libmnl
 * does not read.
 *
 * @sequence, @port: those of the request; 0 for any
 * @callback:        for each message, with @data
 *
 * Returns MNL_CB_OK when there is more to receive, MNL_CB_STOP at the end, or MNL_CB_ERROR with errno.
 */
int netlink_take(const void *buffer, size_t length, unsigned sequence, unsigned port, mnl_cb_t callback, void *data);

#endif
