/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_LINKS_H
#define CGTPROXY_CONTAINER_LINKS_H

#include "util/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/* What rtnetlink(7) says about interfaces, as far as they lead to other network namespaces. */

/** What a message says about an interface of our network namespace. */
struct link_state {
	uint32_t index;
	int32_t netns; /* id of the one that it leads to; NETNS_NONE: none, or it is no veth, or it was removed */
	uint32_t iif;  /* the interface that its packets arrive on: itself, or that which it is a port of */
	bool bridged;  /* it is a port */
	/* another interface that leads elsewhere now, since its other end was moved away from here; or 0 */
	uint32_t other_end;
};

/**
 * Reads a message about an interface.
 *
 * Returns whether it is one, and well-formed.
 */
bool link_read(const struct nlmsghdr *message, struct link_state *state);

/**
 * Asks for an interface.
 *
 * Returns 0 or a negative errno: -ENODEV when there is none of that index.
 */
int link_ask(struct netlink *asking, uint32_t index, struct link_state *state);

/** Requests a list of all veths, whose messages are for link_read(). Returns 0 or a negative errno. */
int links_request(struct netlink *netlink);

#endif
