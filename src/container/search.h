/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_SEARCH_H
#define CGTPROXY_CONTAINER_SEARCH_H

#include "container/model.h"
#include "container/occupants.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which cgroup is to be looked at next, of those that nothing has happened to.
 *
 * A search is for a container of which no cgroup is known. It ends when there is one of each; while one container's
 * search is on, another one's goes on from there, around to the new cgroups, so that none waits for ever. A sweep is
 * for all else, such as a process that has entered a container since.
 */
struct search {
	size_t left;	  /* cgroups that a search has yet to look at */
	bool is_complete; /* it looks at all of them in any case */
	uint64_t begun;	  /* usec of CLOCK_MONOTONIC, like those that follow */
	uint64_t next;	  /* when another one may begin for containers that were there before */
	uint64_t next_sweep;
};

/**
 * A container has appeared: a search begins, or it is for this one as well.
 *
 * @is_complete: find all of its cgroups, not only one
 */
void search_extend(struct search *search, struct occupants *occupants, bool is_complete, uint64_t now);

/** Returns when search_take() is to be called next: 0 for at once, UINT64_MAX for never. */
uint64_t search_due(const struct search *search, const struct model *model);

/** Returns the next cgroup of a search, or NULL. */
struct occupant *search_take(struct search *search, struct occupants *occupants, uint64_t now);

/** It was looked at: ends the search if there is nothing more to be found. */
void search_took(struct search *search, struct occupants *occupants, struct model *model, uint64_t now);

/** Likewise for the sweep. */
uint64_t sweep_due(const struct search *search, const struct occupants *occupants, const struct model *model);
struct occupant *sweep_take(struct search *search, struct occupants *occupants, const struct model *model,
			    uint64_t now);

#endif
