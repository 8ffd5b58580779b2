/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_HINTS_H
#define CGTPROXY_CONTAINER_HINTS_H

#include "container/model.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Hears from neighbours that a container has begun to send, or to use another address, and has it asked for its
 * addresses at once. All of this may be lost: it would be asked anyway, later. A container can cause any number of
 * these notifications by sending from random hardware addresses.
 */
struct hints {
	struct netlink netlink;
};

/**
 * Subscribes to notifications.
 *
 * @hints: zeroed; to be closed with hints_close() whatever this returns
 *
 * Returns 0 or a negative errno.
 */
int hints_open(struct hints *hints);

/** Reads a datagram of notifications. Returns whether there was one. */
bool hints_hear(struct hints *hints, struct netlink *asking, struct model *model, uint64_t now);

void hints_close(struct hints *hints);

#endif
