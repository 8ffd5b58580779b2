/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_LOOK_H
#define CGTPROXY_CONTAINER_LOOK_H

#include "cgroup/tree.h"
#include "container/model.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/* Looks at the processes of a cgroup. */

struct look {
	int directory; /* file descriptor of the cgroup2 mount */
	bool sees_all; /* processes, or it was said that it does not */
	char path[CGROUP_PATH_SIZE + 16];
};

/** @directory: file descriptor of the cgroup2 mount */
void look_init(struct look *look, int directory);

/**
 * Finds out in which containers a cgroup has processes, and tells the model. What can't be found out stays as it was.
 *
 * @is_brief: what is known of it is only to be confirmed
 *
 * Returns whether anything has changed.
 */
bool look_at(struct look *look, struct netlink *asking, struct model *model, struct member *member, bool is_brief,
	     uint64_t now);

#endif
