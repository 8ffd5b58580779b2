/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_LEVELS_H
#define CGTPROXY_ENGINE_LEVELS_H

#include "util/error.h"

#include <stdint.h>

/**
 * Finds how deep cgroups can be that get a verdict of their own, and that the kernel counts their levels from where the
 * tree begins.
 *
 * @mount:   as cgroup_mount_find() finds it: its root is that of our cgroup namespace
 * @deepest: set; CGROUP_DEPTH_MAX also where that can't be asked for want of CAP_NET_ADMIN or of a module of the kernel
 *
 * Returns 0 or a negative errno with @error.
 */
int levels_find(const char *mount, uint32_t *deepest, struct error *error);

#endif
