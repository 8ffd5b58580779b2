/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_SHARE_H
#define CGTPROXY_CGROUP_SHARE_H

#include "cgroup/watch_state.h"

#include <stdint.h>

/** Makes the system's share, with the root in it. Returns 0 or -ENOMEM. */
int share_init(struct watch *watch);

/** Finds the part that a new cgroup belongs to. Returns 0 or -ENOMEM. */
int share_join(struct watch *watch, struct cgroup *cgroup);

/** Takes a cgroup that has no children out of its part, and drops its watch. */
void share_leave(struct watch *watch, struct cgroup *cgroup);

/**
 * Watches a cgroup that has no watch, if that is possible.
 *
 * @fd: of its directory, so that it is that very one, whoever has the name by now
 */
void share_watch(struct watch *watch, struct cgroup *cgroup, int fd);

/** Drops the watch of a cgroup, which is looked at from then on instead. */
void share_unwatch(struct watch *watch, struct cgroup *cgroup);

/**
 * Returns the part whose turn it is to have a cgroup looked at, the one at the head of its unwatched, or NULL when all
 * were looked at lately.
 */
struct watch_share *share_next(struct watch *watch, uint64_t now);

/**
 * Takes note that a cgroup of a part was looked at.
 *
 * @cgroup: which goes behind the others; NULL when it has a watch now, or is gone
 */
void share_looked(struct watch_share *share, struct cgroup *cgroup);

/** Frees all parts. */
void share_clear(struct watch *watch);

#endif
