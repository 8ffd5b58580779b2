/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_ROUND_H
#define CGTPROXY_INSPECT_ROUND_H

#include "engine/engine.h"
#include "inspect/config_file.h"
#include "inspect/coverage.h"
#include "inspect/problems.h"
#include "inspect/proxies.h"
#include "inspect/proxy_cgroups.h"
#include "socket/listeners.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One round of looking for problems while the daemon runs, in pieces that take a millisecond or, for a question that
 * the kernel answers at once, some more. It finds what finders.h finds, but for others' firewall rules, which lookout.h
 * reads by itself.
 */

/** Where problems come from; what is new in one is told when all of it was looked at. */
enum area {
	AREA_FILE,
	AREA_WAYS,
	AREA_PROXIES,
	AREA_RULES,
	AREA_BRIDGES,
	AREA_GATEWAY,
	AREA_ENGINE, /* which the engine logs itself */
	ROUND_AREAS,
};

struct round {
	bool is_running;
	bool is_first;	   /* after a start: what may come later at a boot is not looked for */
	uint32_t proxy;	   /* that is asked about */
	unsigned question; /* of listeners_ask() */
	bool is_walking;
	struct proxy_surroundings surroundings;
	struct listeners listeners;
	struct proxy_cgroups cgroups;
	struct coverage coverage;
	struct problems found[ROUND_AREAS];
	int result; /* negative errno: something could not be looked at, and nothing is to be told */
};

/** Begins a round; one that is running ends, and refers to nothing of the engine's. */
void round_begin(struct round *round, bool is_first);

/**
 * Does a piece.
 *
 * @until: usec of @clock; it stops at the first chance after that
 *
 * Returns true while there is more to do. At the end, round.found is what there is and round.coverage its sums.
 */
bool round_go_on(struct round *round, struct engine *engine, const struct refusal *refusal, uint64_t until,
		 uint64_t (*clock)(void));

/** Ends a round. */
void round_end(struct round *round);

#endif
