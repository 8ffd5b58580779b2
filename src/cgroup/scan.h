/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_SCAN_H
#define CGTPROXY_CGROUP_SCAN_H

#include "cgroup/watch_state.h"

#include <stdbool.h>

/*
 * How the watch looks at directories: brings a part of the tree in step with what is there now, and tells the listener.
 *
 * A cgroup is known by its id, and a path may lead to another one of the same name by the time that it is opened. So
 * what is looked at is always a name in a directory that is open and whose id was compared. cgroup2 renames nothing
 * (kernel/cgroup/cgroup.c has a rename for version 1 only), so that a cgroup has one parent and one name for all its
 * life, and the tree can't have it twice.
 */

/**
 * Opens a cgroup of the tree.
 *
 * Returns a file descriptor, -ENOENT when it is gone (whoever has its path by now), or another negative errno.
 */
int scan_open(struct watch *watch, const struct cgroup *cgroup);

/**
 * Looks at what stands at a name.
 *
 * @parent_fd: of @parent, as scan_open() opens it
 * @deep:      look below it even when it was known
 */
void scan_name(struct watch *watch, struct cgroup *parent, int parent_fd, const char *name, bool deep);

/** Looks at a cgroup of the tree, which may be gone afterwards, and at all below it. */
void scan_cgroup(struct watch *watch, struct cgroup *cgroup);

/**
 * Looks at a cgroup that has no watch, the one whose turn it is in a part that has some: tries to watch it, and lists
 * its children; some hundred, and the rest the next times, when there are very many. What is below them is another
 * turn.
 */
void scan_unwatched(struct watch *watch, struct watch_share *share);

/**
 * Takes note that something could not be looked at, so that it is looked at again later.
 *
 * @listed: the cgroup itself, or its parent
 * @name:   of the one that was not looked at
 * @error:  negative errno
 */
void scan_later(struct watch *watch, struct cgroup *listed, const char *name, int error);

/** Returns whether an error means that a cgroup was removed while it was looked at; its parent's directory tells. */
bool scan_means_gone(int error);

#endif
