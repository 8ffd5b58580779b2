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
 * Opens a mount and begins to watch its root. The tree holds the root only until watch_walk() is called.
 *
 * @watch: watch_close() it whatever this returns
 * @depth: level of the deepest cgroups that are looked at, from 1 to CGROUP_DEPTH_MAX
 *
 * Returns 0 or a negative errno with @error.
 */
int watch_open(struct watch *watch, const char *mount, uint32_t depth, const struct watch_listener *listener,
	       struct error *error);

/**
 * Walks all cgroups and tells the listener how they differ from the tree. Children made before a watch was set are
 * found, since each directory is listed after its watch is there.
 *
 * Returns 0, or a negative errno with @error when some could not be looked at; they count as unwatched.
 */
int watch_walk(struct watch *watch, struct error *error);

/**
 * Looks at some of those cgroups that have no watch. It takes a few milliseconds, however many there are: each part of
 * the tree has its turn, see cgroup/share.h.
 *
 * @now: usec of CLOCK_MONOTONIC
 *
 * Returns whether there is more to be looked at soon; otherwise it is time enough after a second.
 */
bool watch_look(struct watch *watch, uint64_t now);

/**
 * Handles some thousand queued events; not all there are, or whoever makes cgroups faster than they are handled could
 * put off for ever what is done about them. Never trusts an event further than to look at the name it speaks of, so
 * that it does not matter how often a name was made and removed meanwhile.
 *
 * Returns 1, 0 when there was none or no memory to read one now, or a negative errno with @error.
 */
int watch_read(struct watch *watch, struct error *error);

/**
 * Reads the tree once, without watching it.
 *
 * @tree: cgroup_tree_clear() it when this returns 0
 *
 * Returns 0 or a negative errno with @error.
 */
int cgroup_tree_read(struct cgroup_tree *tree, const char *mount, struct error *error);

/** Closes the watch and frees the tree, telling nobody. */
void watch_close(struct watch *watch);

#endif
