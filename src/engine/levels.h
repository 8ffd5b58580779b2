/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_LEVELS_H
#define CGTPROXY_ENGINE_LEVELS_H

#include "util/error.h"

#include <stdint.h>

/**
 * Finds the deepest level at which a cgroup can have its own verdict, and checks that the kernel counts levels from the
 * root of our tree.
 *
 * @mount:   from cgroup_mount_find(): its root is that of our cgroup namespace
 * @deepest: set; CGROUP_DEPTH_MAX also if it can't be determined for lack of CAP_NET_ADMIN or a kernel module
 *
 * Returns 0 or a negative errno with @error.
 */
int levels_find(const char *mount, uint32_t *deepest, struct error *error);

#endif
