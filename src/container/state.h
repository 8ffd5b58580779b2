/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_STATE_H
#define CGTPROXY_CONTAINER_STATE_H

#include "container/hints.h"
#include "container/interfaces.h"
#include "container/look.h"
#include "container/model.h"
#include "container/occupants.h"
#include "container/search.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/* All that belongs to the containers, shared by containers.c and work.c. */

/** The kinds of work, the most urgent first. */
enum work {
	WORK_NEWS,	   /* notifications about interfaces */
	WORK_LIST,	   /* a list of all interfaces */
	WORK_POLLS,	   /* addresses of containers where something has happened */
	WORK_LOOKS,	   /* processes of cgroups where something has happened */
	WORK_HINTS,	   /* notifications about neighbours */
	WORK_SEARCH,	   /* for cgroups of new containers */
	WORK_STEADY_POLLS, /* addresses of all other containers */
	WORK_STEADY_LOOKS, /* processes of all other cgroups that are in containers */
	WORK_SWEEP,	   /* processes of all cgroups */
	WORKS,
};

struct containers {
	struct model model;
	struct occupants occupants;
	struct search search;
	struct interfaces interfaces;
	struct hints hints;
	struct netlink asking;
	struct look look;
	int poll;
	bool has_news; /* there may be some that were not read yet */
	bool has_hints;
	bool told_failure;     /* to read addresses */
	uint64_t rests[WORKS]; /* until when each kind of work rests, in usec of CLOCK_MONOTONIC */
	bool is_polled[WORKS]; /* for those that have a descriptor */
};

#endif
