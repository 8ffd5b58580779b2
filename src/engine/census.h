/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CENSUS_H
#define CGTPROXY_ENGINE_CENSUS_H

#include "cgroup/tree.h"
#include "engine/plan.h"
#include "socket/census.h"
#include "util/error.h"

#include <stdint.h>

/* Schedules the scans for cgroups that have sockets, and applies their results to a plan's tombstones. */
struct census {
	struct socket_census sockets;
	struct cgroup_ids living; /* the cgroups when it began; empty if not needed */
	bool taken;		  /* a census is in progress */
	uint64_t ended;		  /* when the last one ended, in usec of CLOCK_MONOTONIC; 0 for none */
	uint64_t cost;		  /* usec spent reading the last one, or this one so far */
	size_t told;		  /* number of tombstones at which a failure is logged next; 0: at once */
};

/**
 * Prepares for censuses, and checks that the kernel can list what they need: without them a removed cgroup's verdict
 * would either stay forever or be removed while sockets still need it.
 *
 * @census: release with census_close(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int census_open(struct census *census, struct error *error);

/** Returns the file descriptor to poll. */
int census_fd(const struct census *census);

/**
 * Returns when to call census_begin(), in usec of CLOCK_MONOTONIC, or UINT64_MAX. Censuses take only a small part of
 * the time, however many cgroups come and go.
 */
uint64_t census_deadline(const struct census *census, const struct plan *plan);

/**
 * Begins a census. If it fails, now or later, all tombstones stay until the next one. Their number is not bounded,
 * since removing one might let its sockets' packets out; so the failure is logged, and again each time their number has
 * doubled.
 */
void census_begin(struct census *census, struct plan *plan, const struct cgroup *root, uint64_t now);

/**
 * Continues a census. The plan may have been replaced since it began, by one that took over its tombstones.
 *
 * Returns 1 when the plan may have changes to apply, 0, or -ENOMEM.
 */
int census_read(struct census *census, struct plan *plan, uint64_t (*clock)(void));

void census_close(struct census *census);

#endif
