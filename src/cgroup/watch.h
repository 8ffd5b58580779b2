/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_WATCH_H
#define CGTPROXY_CGROUP_WATCH_H

#include "cgroup/tree.h"
#include "cgroup/watch_state.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * Opens a mount and starts watching its root. Until watch_walk() is called, the tree holds only the root.
 *
 * @watch: to be closed with watch_close() whatever this returns
 * @depth: deepest level to scan, 1 to CGROUP_DEPTH_MAX
 *
 * Returns 0 or a negative errno with @error.
 */
int watch_open(struct watch *watch, const char *mount, uint32_t depth, const struct watch_listener *listener,
	       struct error *error);

/**
 * Walks all cgroups and notifies the listener of differences from the tree. Each directory is listed after its watch is
 * set, so children created earlier are found.
 *
 * Returns 0, or a negative errno with @error when some could not be scanned; these count as unwatched.
 */
int watch_walk(struct watch *watch, struct error *error);

/**
 * Scans some of the cgroups without a watch. Takes a few milliseconds, however many there are; shares take turns, see
 * cgroup/share.h.
 *
 * @now: in usec of CLOCK_MONOTONIC
 *
 * Returns whether more is to be scanned soon; otherwise the next call may wait a second.
 */
bool watch_look(struct watch *watch, uint64_t now);

/**
 * Handles up to some thousand queued events. The limit keeps someone who creates cgroups faster than they are handled
 * from starving the work that follows. An event only triggers a scan of the name in it, so it doesn't matter how often
 * that name was created and removed meanwhile.
 *
 * Returns 1, 0 when there was no event or no memory to read one, or a negative errno with @error.
 */
int watch_read(struct watch *watch, struct error *error);

/**
 * Reads the tree once, without watching it.
 *
 * @tree: free with cgroup_tree_clear() if this returns 0
 *
 * Returns 0 or a negative errno with @error.
 */
int cgroup_tree_read(struct cgroup_tree *tree, const char *mount, struct error *error);

/** Closes the watch and frees the tree without notifying the listener. */
void watch_close(struct watch *watch);

#endif
