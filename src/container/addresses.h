/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_ADDRESSES_H
#define CGTPROXY_CONTAINER_ADDRESSES_H

#include "container/container.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The addresses of another network namespace. Whoever administers it can give it any number of them, so no more are
 * read than a limit.
 */

enum { ADDRESSES_MAX = 256 };

struct addresses {
	struct container_address items[ADDRESSES_MAX]; /* sorted, without duplicates */
	size_t count;
	bool left_out; /* there are more */
};

/** Compares like memcmp(): by family, then bytes. */
int address_compare(const struct container_address *one, const struct container_address *other);

/** Returns the first of a sorted array that is not less than this one; @count if all are. */
size_t addresses_find(const struct container_address *items, size_t count, const struct container_address *address);

/**
 * Asks for the addresses of a network namespace.
 *
 * @netns: its id in ours
 *
 * Returns 0 or a negative errno: -EINVAL when there is no such namespace, -EACCES without CAP_NET_ADMIN there, -EINTR
 * when they changed meanwhile.
 */
int addresses_ask(struct netlink *asking, int32_t netns, struct addresses *addresses);

#endif
