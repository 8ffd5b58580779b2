/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_STATE_H
#define CGTPROXY_ENGINE_STATE_H

#include "cgroup/watch.h"
#include "container/containers.h"
#include "engine/census.h"
#include "engine/fence.h"
#include "engine/instance.h"
#include "engine/routes.h"
#include "nft/monitor.h"
#include "nft/nft.h"

#include <stddef.h>
#include <stdint.h>

/* The engine's state, shared by engine.c, apply.c and events.c. */

struct engine {
	struct instance *instance;
	struct watch watch;
	struct census census;
	struct containers *containers; /* NULL: the config leaves them alone */
	int container_poll;	       /* readable when there is work for them; an epoll descriptor, which stays */
	struct nft nft;
	struct nft_monitor nft_monitor;
	struct routes routes;
	struct batch batch;
	struct fence fence;
	char *mount;
	size_t room;				/* element capacity of the kernel's cgroup map */
	size_t container_rooms[CONTAINER_SETS]; /* likewise */
	size_t most_kept;    /* peak number of cgroups and tombstones since memory was last returned */
	uint64_t next_look;  /* scan of cgroups without a watch; usec of CLOCK_MONOTONIC */
	uint64_t next_retry; /* likewise; UINT64_MAX: the table holds what it should */
	bool has_leftovers;  /* policy rules and routes of configs that are not in force */
};

#endif
