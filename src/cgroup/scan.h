/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_SCAN_H
#define CGTPROXY_CGROUP_SCAN_H

#include "cgroup/watch_state.h"

#include <stdbool.h>

/*
 * How the watch scans directories: synchronizes a part of the tree with the filesystem and notifies the listener.
 *
 * A cgroup is identified by its id; by the time a path is opened, it may lead to another cgroup of the same name. So
 * names are only looked up in an open directory whose id has been compared. cgroup2 has no rename
 * (kernel/cgroup/cgroup.c implements it for version 1 only), so a cgroup keeps its parent and name for life and can't
 * be in the tree twice.
 */

/**
 * Opens a cgroup of the tree.
 *
 * Returns a file descriptor, -ENOENT when it was removed (even if another cgroup has its path now), or another negative
 * errno.
 */
int scan_open(struct watch *watch, const struct cgroup *cgroup);

/**
 * Scans whatever has this name now.
 *
 * @parent_fd: of @parent, from scan_open()
 * @deep:      scan its descendants even if it was known already
 */
void scan_name(struct watch *watch, struct cgroup *parent, int parent_fd, const char *name, bool deep);

/** Scans a cgroup of the tree, which may be removed by this, and all its descendants. */
void scan_cgroup(struct watch *watch, struct cgroup *cgroup);

/**
 * Scans the next cgroup without a watch in a share that has some: tries to watch it and lists its children, a few
 * hundred per call; further calls list the rest. Their descendants get turns of their own.
 */
void scan_unwatched(struct watch *watch, struct watch_share *share);

/**
 * Records that a scan failed, so that it is retried later.
 *
 * @listed: the cgroup itself, or its parent
 * @name:   of the cgroup that was not scanned
 * @error:  negative errno
 */
void scan_later(struct watch *watch, struct cgroup *listed, const char *name, int error);

/**
 * Returns whether an error means that a cgroup was removed during its scan; the parent's directory reports the removal.
 */
bool scan_means_gone(int error);

#endif
