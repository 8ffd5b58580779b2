/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_OCCUPANTS_H
#define CGTPROXY_CONTAINER_OCCUPANTS_H

#include "cgroup/tree.h"
#include "container/model.h"
#include "container/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* All cgroups, since each may have processes in a container, by age. */

enum {
	/* cgroups that are soon looked at again; with more, the one that this was done with for the longest waits its
	   turn */
	OCCUPANTS_FRESH_MAX = 1024,
};

/** A cgroup, which points to it. */
struct occupant {
	TAILQ_ENTRY(occupant) by_age;
	struct member member;
	struct schedule_item look;
	uint64_t since; /* when it appeared, in usec of CLOCK_MONOTONIC */
};

TAILQ_HEAD(occupant_queue, occupant);

/** A walk from new cgroups to old ones, in pieces. */
struct occupant_walk {
	struct occupant *at; /* the next one, or NULL: it is over */
};

struct occupants {
	struct occupant_queue items; /* the newest last */
	size_t count;
	struct schedule looks;
	/* stay valid when cgroups are removed */
	struct occupant_walk search;
	struct occupant_walk sweep;
};

/** @look_interval: usec between two looks at a cgroup that is in a container and where nothing happens */
void occupants_init(struct occupants *occupants, uint64_t look_interval);

/**
 * Takes in all cgroups from here down. Their ids tell their age (fs/kernfs/dir.c, __kernfs_new_node).
 *
 * Returns 0 or -ENOMEM.
 */
int occupants_add_all(struct occupants *occupants, struct cgroup *root);

/** Takes in a cgroup as the newest. Returns it, or NULL when out of memory. */
struct occupant *occupants_add(struct occupants *occupants, struct cgroup *cgroup, uint64_t now);

/** Removes a cgroup that is in no container. */
void occupants_remove(struct occupants *occupants, struct cgroup *cgroup);

/** Something has happened to it: has it looked at, soon and again. */
void occupants_restart(struct occupants *occupants, struct occupant *occupant, uint64_t now);

/**
 * A container has appeared: has those of the newest few cgroups looked at, soon and again, in which processes may be
 * still to enter it.
 *
 * @is_searching: a search is on its way to old cgroups: has all of the newest few looked at before
 */
void occupants_try_newest(struct occupants *occupants, bool is_searching, uint64_t now);

/** It was looked at: has it looked at again if it is new or in a container. */
void occupants_looked(struct occupants *occupants, struct occupant *occupant, uint64_t now);

/** Returns the cgroup that an item of the schedule belongs to. */
struct occupant *occupant_of(struct schedule_item *item);

/** Begins a walk. */
void occupants_begin(const struct occupants *occupants, struct occupant_walk *walk);

/** Returns the next one of a walk, or NULL at its end. */
struct occupant *occupants_next(struct occupant_walk *walk);

void occupants_clear(struct occupants *occupants);

#endif
