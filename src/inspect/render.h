/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_RENDER_H
#define CGTPROXY_INSPECT_RENDER_H

#include "cgroup/tree.h"
#include "engine/instance.h"

#include <stdio.h>

/**
 * Writes an instance's table for a tree, as input for "nft -f".
 *
 * @mount: path of the cgroup2 mount
 *
 * Returns 0 or -ENOMEM.
 */
int render(struct instance *instance, const struct cgroup_tree *tree, const char *mount, FILE *out);

#endif
