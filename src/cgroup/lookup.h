/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_LOOKUP_H
#define CGTPROXY_CGROUP_LOOKUP_H

#include "cgroup/tree.h"
#include "util/error.h"

#include <stdint.h>

/* Queries about a single cgroup, which need no tree. */

/**
 * Reads the id of the cgroup behind an open directory.
 *
 * Returns 0 or a negative errno.
 */
int cgroup_read_id(int fd, uint64_t *id);

/**
 * Normalizes a path as a user types it: absolute, with or without the mount prefix, with redundant slashes. A path
 * deeper than CGROUP_DEPTH_MAX is truncated to its ancestor at that level, as everywhere else.
 *
 * @given: the cgroup need not exist
 * @mount: path of the cgroup2 mount, or NULL when there is none
 * @path:  CGROUP_PATH_SIZE bytes; set to the path below the mount
 *
 * Returns 0, or -EINVAL with @error.
 */
int cgroup_path_parse(const char *given, const char *mount, char *path, struct error *error);

/**
 * Finds the cgroup of a process.
 *
 * @mount: path of the cgroup2 mount, or NULL when there is none
 * @path:  CGROUP_PATH_SIZE bytes; set to the path below the mount. The cgroup may already have been removed.
 *
 * Returns 0, -ESRCH when there is no such process, or another negative errno, with @error.
 */
int cgroup_path_of_process(uint32_t pid, const char *mount, char *path, struct error *error);

/**
 * Finds the ids of a cgroup and its ancestors.
 *
 * @path: below the mount, as cgroup_path_parse() returns it
 * @ids:  array of CGROUP_DEPTH_MAX + 1; indexed by level, root first; set for those that exist
 *
 * Returns how many exist, or a negative errno with @error.
 */
int cgroup_find_ids(const char *mount, const char *path, uint64_t *ids, struct error *error);

/** Returns the level of the cgroup at a path; 0 for the root. */
uint32_t cgroup_path_level(const char *path);

#endif
