/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROXY_LOOP_H
#define CGTPROXY_INSPECT_PROXY_LOOP_H

#include "cgroup/tree.h"
#include "engine/instance.h"

#include <stdbool.h>

/**
 * Warns, in the log, of each cgroup that listens on a proxy's port and whose own traffic goes to that proxy, and shows
 * the rule that would end the loop.
 *
 * @root:   of the tree, about which the instance has decided
 * @absent: warn also of proxies on whose port nobody listens
 */
void proxy_loop_warn(struct instance *instance, const struct cgroup *root, bool absent);

#endif
