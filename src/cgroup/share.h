/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_SHARE_H
#define CGTPROXY_CGROUP_SHARE_H

#include "cgroup/watch_state.h"

#include <stdint.h>

/** Creates the system's share, containing the root. Returns 0 or -ENOMEM. */
int share_init(struct watch *watch);

/** Assigns a new cgroup to its share. Returns 0 or -ENOMEM. */
int share_join(struct watch *watch, struct cgroup *cgroup);

/** Removes a cgroup without children from its share and drops its watch. */
void share_leave(struct watch *watch, struct cgroup *cgroup);

/**
 * Tries to watch a cgroup that has no watch.
 *
 * @fd: of its directory, so that this very cgroup is watched, whatever has its name now
 */
void share_watch(struct watch *watch, struct cgroup *cgroup, int fd);

/** Drops the watch of a cgroup, which is scanned periodically from then on. */
void share_unwatch(struct watch *watch, struct cgroup *cgroup);

/**
 * Returns the share that is next to have a cgroup scanned (the head of its unwatched list), or NULL when all were
 * scanned recently.
 */
struct watch_share *share_next(struct watch *watch, uint64_t now);

/**
 * Records that a cgroup of a share was scanned.
 *
 * @cgroup: moved to the tail of the list; NULL when it has a watch now or was removed
 */
void share_looked(struct watch_share *share, struct cgroup *cgroup);

/** Frees all shares. */
void share_clear(struct watch *watch);

#endif
