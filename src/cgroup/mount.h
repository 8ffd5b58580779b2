/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_MOUNT_H
#define CGTPROXY_CGROUP_MOUNT_H

#include "util/error.h"

#include <stdbool.h>

/**
 * Finds the cgroup2 mount: /sys/fs/cgroup on a pure v2 host, /sys/fs/cgroup/unified on a hybrid one, else the first one
 * in the mount table. Skips mounts hidden by another mount, and mounts whose root is not that of our cgroup namespace:
 * the kernel's levels would differ from those in the tree.
 *
 * @configured: the mount set in the config, which is validated, or NULL to search for one
 * @path:       set to the mount's path, without a trailing slash; the caller frees it
 *
 * Returns 0, -ENOENT when no usable mount is visible, or another negative errno, with @error.
 */
int cgroup_mount_find(const char *configured, char **path, struct error *error);

/**
 * Returns whether the root of a mount is the root of the whole hierarchy, not that of a cgroup namespace (ours or
 * another).
 */
bool cgroup_mount_is_whole(const char *path);

#endif
