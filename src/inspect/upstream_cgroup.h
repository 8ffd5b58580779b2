/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_UPSTREAM_CGROUP_H
#define CGTPROXY_INSPECT_UPSTREAM_CGROUP_H

#include "inspect/coverage.h"
#include "inspect/upstream_probe.h"

#include <stdbool.h>

/** Who listens where an upstream was found, as far as that is on this host. */
struct upstream_cgroup {
	const struct cgroup *cgroup; /* in which the socket was made, or NULL */
	bool is_transparent;	     /* a socket that TPROXY finds */
};

/**
 * Finds the listener of an upstream.
 *
 * @comparison: of the config with the cgroups
 * @found:      all zero if there is none on this host
 *
 * Returns 0 or a negative errno.
 */
int upstream_cgroup_find(const struct comparison *comparison, const struct upstream_probe *probe,
			 struct upstream_cgroup *found);

#endif
