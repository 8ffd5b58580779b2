/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_NETNS_H
#define CGTPROXY_CONTAINER_NETNS_H

#include "util/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The kernel's ids of other network namespaces in ours (net/core/net_namespace.c). A namespace gets one when an
 * interface of ours is connected to it, keeps it until it ends, and then the next one may get the same.
 */

enum { NETNS_NONE = -1 };

/**
 * Opens a connection for requests, unless it is open. It is not blocking: the kernel answers within the call that sends
 * a request or reads.
 *
 * Returns 0 or a negative errno.
 */
int netns_connect(struct netlink *asking);

/**
 * Sends a request that has a single message for an answer.
 *
 * @note: libmnl's callback for it, with @data
 *
 * Returns 0 or a negative errno: the kernel's, or any other.
 */
int netns_ask(struct netlink *asking, struct nlmsghdr *message, mnl_cb_t note, void *data);

/**
 * Asks for the network namespace of a process or thread. Needs no privileges, unlike /proc/PID/ns/net.
 *
 * @netns: set to its id, or NETNS_NONE if it has none: it is ours, or nothing connects it to ours
 *
 * Returns 0 or a negative errno: -ESRCH when there is no such process.
 */
int netns_of_process(struct netlink *asking, uint32_t pid, int32_t *netns);

/** Returns whether a notification says that an id is no longer in use, and sets @netns to it. */
bool netns_read_removal(const struct nlmsghdr *message, int32_t *netns);

#endif
