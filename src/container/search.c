/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/search.h"

#include "util/clock.h"

/* Between two searches, at least; and a multiple of what the last one took. */
#define SEARCH_INTERVAL USEC_PER_SEC
#define SEARCH_FACTOR 2
/* Between two sweeps. */
#define SWEEP_INTERVAL (10 * USEC_PER_SEC)
/* Likewise, while there is a container without cgroups. */
#define SWEEP_INTERVAL_WANTING (2 * USEC_PER_SEC)

void search_extend(struct search *search, struct occupants *occupants, bool is_complete, uint64_t now)
{
	if (search->left == 0) {
		occupants_begin(occupants, &occupants->search);
		search->begun = now;
	}
	search->left = occupants->count;
	search->is_complete = search->is_complete || is_complete;
}

uint64_t search_due(const struct search *search, const struct model *model)
{
	if (search->left > 0)
		return 0;
	return model->wanting > 0 ? search->next : UINT64_MAX;
}

struct occupant *search_take(struct search *search, struct occupants *occupants, uint64_t now)
{
	struct occupant *occupant = NULL;

	if (search->left == 0)
		search_extend(search, occupants, false, now);
	occupant = occupants_next(&occupants->search);
	if (occupant == NULL) {
		occupants_begin(occupants, &occupants->search);
		occupant = occupants_next(&occupants->search);
	}
	if (search->left > 0)
		search->left--;
	return occupant;
}

static void mark_all_searched(struct model *model)
{
	struct known *known = NULL;

	TAILQ_FOREACH (known, &model->items, next)
		model_set_searched(model, known, true);
}

void search_took(struct search *search, struct occupants *occupants, struct model *model, uint64_t now)
{
	const uint64_t pause = SEARCH_FACTOR * (now - search->begun);

	if (search->left > 0 && (search->is_complete || model->wanting > 0))
		return;
	if (search->left == 0)
		mark_all_searched(model);
	else if (occupants->sweep.at == NULL)
		occupants->sweep = occupants->search; /* the rest is looked at, too, but without haste */
	search->left = 0;
	search->is_complete = false;
	search->next = now + (pause > SEARCH_INTERVAL ? pause : SEARCH_INTERVAL);
}

static bool all_have_cgroups(const struct model *model)
{
	const struct known *known = NULL;

	TAILQ_FOREACH (known, &model->items, next) {
		if (known->container.cgroup_count == 0)
			return false;
	}
	return true;
}

uint64_t sweep_due(const struct search *search, const struct occupants *occupants, const struct model *model)
{
	if (model->count == 0)
		return UINT64_MAX;
	return occupants->sweep.at != NULL ? 0 : search->next_sweep;
}

struct occupant *sweep_take(struct search *search, struct occupants *occupants, const struct model *model, uint64_t now)
{
	struct occupant *occupant = NULL;

	if (occupants->sweep.at == NULL)
		occupants_begin(occupants, &occupants->sweep);
	occupant = occupants_next(&occupants->sweep);
	if (occupants->sweep.at == NULL)
		search->next_sweep = now + (all_have_cgroups(model) ? SWEEP_INTERVAL : SWEEP_INTERVAL_WANTING);
	return occupant;
}
