/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROXY_LOOP_H
#define CGTPROXY_INSPECT_PROXY_LOOP_H

#include "cgroup/tree.h"
#include "engine/plan.h"
#include "inspect/problems.h"

#include <stdint.h>

/**
 * Adds a problem if a cgroup that listens on a proxy's port sends its own traffic to that proxy, with the rule to write
 * or to move.
 *
 * @plan:   has decided about the cgroup
 * @cgroup: not the root; one of a listener's sockets
 * @proxy:  index
 *
 * Returns 0 or -ENOMEM.
 */
int proxy_loop_judge(struct plan *plan, const struct cgroup *cgroup, uint32_t proxy, struct problems *problems);

#endif
