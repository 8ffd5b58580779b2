/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_LOOKUP_H
#define CGTPROXY_CGROUP_LOOKUP_H

#include "cgroup/tree.h"
#include "util/error.h"

#include <stdint.h>

/* Questions about one cgroup, for which no tree is needed. */

/**
 * Reads the id of the cgroup that an open directory is.
 *
 * Returns 0 or a negative errno.
 */
int cgroup_read_id(int fd, uint64_t *id);

/**
 * Reads a path as people give it: absolute, with or without the mount in front of it, with slashes too many. What is
 * deeper than CGROUP_DEPTH_MAX is taken for its ancestor there, as it is everywhere.
 *
 * @given: of a cgroup that need not exist
 * @mount: path of the cgroup2 mount, or NULL when there is none
 * @path:  CGROUP_PATH_SIZE bytes; set to the path below the mount
 *
 * Returns 0, or -EINVAL with @error.
 */
int cgroup_path_parse(const char *given, const char *mount, char *path, struct error *error);

/**
 * Finds the cgroup that a process is in.
 *
 * @mount: path of the cgroup2 mount, or NULL when there is none
 * @path:  CGROUP_PATH_SIZE bytes; set to the path below the mount. The cgroup may be gone already.
 *
 * Returns 0, -ESRCH when there is no such process, or another negative errno, with @error.
 */
int cgroup_path_of_process(uint32_t pid, const char *mount, char *path, struct error *error);

/**
 * Finds the ids of a cgroup and its ancestors.
 *
 * @path: below the mount, as cgroup_path_parse() makes it
 * @ids:  room for CGROUP_DEPTH_MAX + 1; set by level, the root's first, for as many as exist
 *
 * Returns how many exist, or a negative errno with @error.
 */
int cgroup_find_ids(const char *mount, const char *path, uint64_t *ids, struct error *error);

/** Returns the level of the cgroup that a path is that of; 0 for the root. */
uint32_t cgroup_path_level(const char *path);

#endif
