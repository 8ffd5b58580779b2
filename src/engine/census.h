/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CENSUS_H
#define CGTPROXY_ENGINE_CENSUS_H

#include "cgroup/tree.h"
#include "engine/plan.h"
#include "socket/census.h"
#include "util/error.h"

#include <stdint.h>

/* When it is asked which cgroups have sockets, and what the answer means for the tombstones of a plan. */
struct census {
	struct socket_census sockets;
	struct cgroup_ids living; /* when it began; none when nobody needs them */
	bool taken;		  /* one is being taken */
	uint64_t ended;		  /* the last one, in usec of CLOCK_MONOTONIC; 0 for none */
	uint64_t cost;		  /* usec that it took to read the last one, or to read this one until now */
	size_t told; /* how many tombstones there may be before it is said again that it failed; 0: at once */
};

/**
 * Prepares for censuses, and tries whether the kernel can list what they need: without them each removed cgroup's
 * verdict would stay for ever, or get lost while it has sockets.
 *
 * @census: census_close() it whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int census_open(struct census *census, struct error *error);

/** Returns the file descriptor to wait for. */
int census_fd(const struct census *census);

/**
 * Returns when to call census_begin(), in usec of CLOCK_MONOTONIC, or UINT64_MAX. However many cgroups come and go, all
 * censuses together take a small part of the time.
 */
uint64_t census_deadline(const struct census *census, const struct plan *plan);

/**
 * Begins one. When it fails, or when it fails later, all tombstones stay until the next: there is no bound to them,
 * since one that went might let its sockets' packets out. So that is logged, and again each time that there are twice
 * as many.
 */
void census_begin(struct census *census, struct plan *plan, const struct cgroup *root, uint64_t now);

/**
 * Goes on with one; the plan may be another since it began, with the tombstones of the former.
 *
 * Returns 1 when the plan may have changes to be carried out, 0, or -ENOMEM.
 */
int census_read(struct census *census, struct plan *plan, uint64_t (*clock)(void));

void census_close(struct census *census);

#endif
