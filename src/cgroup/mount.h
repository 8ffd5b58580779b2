/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_MOUNT_H
#define CGTPROXY_CGROUP_MOUNT_H

#include "util/error.h"

#include <stdbool.h>

/**
 * Finds the cgroup2 mount: /sys/fs/cgroup on a pure v2 host, /sys/fs/cgroup/unified on a hybrid one, else the first of
 * the mount table. One that another mount covers does not count, nor does one that begins at another cgroup than our
 * cgroup namespace: the levels that the kernel counts would be others than those in the tree.
 *
 * @configured: the mount as the config names it, which is checked, or NULL to look for it
 * @path:       set to the mount's path, without a slash at its end; the caller frees it
 *
 * Returns 0, -ENOENT when there is none to be seen, or another negative errno, with @error.
 */
int cgroup_mount_find(const char *configured, char **path, struct error *error);

/**
 * Returns whether a mount begins at the root of all cgroups, and not at that of a cgroup namespace, whether or not that
 * is ours.
 */
bool cgroup_mount_is_whole(const char *path);

#endif
