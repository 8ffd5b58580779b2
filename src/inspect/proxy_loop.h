/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROXY_LOOP_H
#define CGTPROXY_INSPECT_PROXY_LOOP_H

#include "cgroup/tree.h"
#include "engine/plan.h"
#include "inspect/coverage.h"
#include "inspect/index.h"
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

/**
 * The same for the proxy behind a relay: what it sends would come back to it.
 *
 * @cgroup: not the root; in which the proxy behind the relay listens
 */
int upstream_loop_judge(struct plan *plan, const struct cgroup *cgroup, uint32_t proxy, struct problems *problems);

/**
 * A cgroup in which a proxy of the config listens for TPROXY, over TCP or UDP. Other sockets don't count: any user can
 * listen on its port at an address of 127.0.0.0/8, and would keep root from writing rules.
 */
struct proxy_place {
	char *path;	/* for free() */
	uint32_t proxy; /* index */
	int32_t rule;	/* that holds for it, or NO_RULE where that is not asked */
};

/**
 * Finds a cgroup that a config would send back to the proxy that listens in it.
 *
 * @comparison: of the config with the cgroups
 * @rule:       the only one that counts, or NO_RULE: any
 *
 * Returns 1 with @found, 0, or a negative errno.
 */
int proxy_loop_find(const struct comparison *comparison, int32_t rule, struct proxy_place *found);

/**
 * Finds a cgroup, at a path or below it, in which a proxy listens.
 *
 * Returns 1 with @found, 0, or a negative errno.
 */
int proxy_place_find(const struct config *config, const struct cgroup_index *index, const char *path,
		     struct proxy_place *found);

#endif
