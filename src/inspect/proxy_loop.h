/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROXY_LOOP_H
#define CGTPROXY_INSPECT_PROXY_LOOP_H

#include "cgroup/tree.h"
#include "engine/instance.h"

#include <stdbool.h>

/**
 * Logs a warning for each cgroup that listens on a proxy's port and whose own traffic goes to that proxy, with the rule
 * that ends the loop.
 *
 * @root:   of the tree, whose targets the instance has decided
 * @absent: also warn of proxies on whose port nothing listens
 */
void proxy_loop_warn(struct instance *instance, const struct cgroup *root, bool absent);

#endif
