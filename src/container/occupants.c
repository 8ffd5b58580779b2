/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/occupants.h"

#include "util/clock.h"

#include <errno.h>
#include <stdlib.h>

enum { NEWEST = 16 };

/* For this long processes may enter a cgroup that has appeared, or enter a network namespace when they are in it. */
#define YOUTH (2 * USEC_PER_SEC)

void occupants_init(struct occupants *occupants, uint64_t look_interval)
{
	*occupants = (struct occupants){0};
	TAILQ_INIT(&occupants->items);
	schedule_init(&occupants->looks, look_interval);
}

struct occupant *occupants_add(struct occupants *occupants, struct cgroup *cgroup, uint64_t now)
{
	struct occupant *occupant = calloc(1, sizeof(*occupant));

	if (occupant == NULL)
		return NULL;
	occupant->member.cgroup = cgroup;
	occupant->since = now;
	schedule_item_init(&occupant->look);
	TAILQ_INSERT_TAIL(&occupants->items, occupant, by_age);
	occupants->count++;
	cgroup->occupant = occupant;
	return occupant;
}

static int compare_ids(const void *left, const void *right)
{
	const struct cgroup *a = *(struct cgroup *const *)left;
	const struct cgroup *b = *(struct cgroup *const *)right;

	return (a->id > b->id) - (a->id < b->id);
}

static size_t count_all(const struct cgroup *root)
{
	size_t count = 1;

	for (const struct cgroup *cgroup = cgroup_next(root); cgroup != NULL; cgroup = cgroup_next(cgroup))
		count++;
	return count;
}

int occupants_add_all(struct occupants *occupants, struct cgroup *root)
{
	const size_t count = count_all(root);
	struct cgroup **all = calloc(count, sizeof(struct cgroup *));
	size_t at = 0;
	int result = 0;

	if (all == NULL)
		return -ENOMEM;
	for (struct cgroup *cgroup = root; cgroup != NULL; cgroup = cgroup_next(cgroup))
		all[at++] = cgroup;
	qsort(all, count, sizeof(struct cgroup *), compare_ids);
	for (size_t i = 0; i < count && result == 0; i++)
		result = occupants_add(occupants, all[i], 0) != NULL ? 0 : -ENOMEM;
	free(all);
	return result;
}

static struct occupant *older(struct occupant *occupant)
{
	return TAILQ_PREV(occupant, occupant_queue, by_age);
}

static void leave_out(struct occupant_walk *walk, const struct occupant *occupant)
{
	if (walk->at == occupant)
		walk->at = older(walk->at);
}

void occupants_remove(struct occupants *occupants, struct cgroup *cgroup)
{
	struct occupant *occupant = cgroup->occupant;

	leave_out(&occupants->search, occupant);
	leave_out(&occupants->sweep, occupant);
	schedule_drop(&occupants->looks, &occupant->look);
	TAILQ_REMOVE(&occupants->items, occupant, by_age);
	occupants->count--;
	cgroup->occupant = NULL;
	free(occupant);
}

struct occupant *occupant_of(struct schedule_item *item)
{
	return (struct occupant *)(void *)((char *)item - offsetof(struct occupant, look));
}

/* Users make as many cgroups as they like. */
static void limit_fresh(struct occupants *occupants, uint64_t now)
{
	struct occupant *oldest = NULL;

	if (occupants->looks.fresh <= OCCUPANTS_FRESH_MAX)
		return;
	oldest = occupant_of(schedule_oldest_fresh(&occupants->looks));
	oldest->look.coming = SCHEDULE_STEADY;
	occupants_looked(occupants, oldest, now);
}

void occupants_restart(struct occupants *occupants, struct occupant *occupant, uint64_t now)
{
	schedule_restart(&occupants->looks, &occupant->look, now);
	limit_fresh(occupants, now);
}

void occupants_try_newest(struct occupants *occupants, bool is_searching, uint64_t now)
{
	struct occupant *occupant = TAILQ_LAST(&occupants->items, occupant_queue);

	for (size_t i = 0; i < NEWEST && occupant != NULL; i++) {
		if (occupant->since + YOUTH > now)
			occupants_restart(occupants, occupant, now);
		else if (is_searching)
			schedule_hasten(&occupants->looks, &occupant->look, now);
		occupant = older(occupant);
	}
}

void occupants_looked(struct occupants *occupants, struct occupant *occupant, uint64_t now)
{
	if (occupant->look.coming == SCHEDULE_STEADY && occupant->member.container_count == 0)
		schedule_drop(&occupants->looks, &occupant->look);
	else
		schedule_again(&occupants->looks, &occupant->look, now);
}

void occupants_begin(const struct occupants *occupants, struct occupant_walk *walk)
{
	walk->at = TAILQ_LAST(&occupants->items, occupant_queue);
}

struct occupant *occupants_next(struct occupant_walk *walk)
{
	struct occupant *occupant = walk->at;

	if (occupant != NULL)
		walk->at = older(occupant);
	return occupant;
}

void occupants_clear(struct occupants *occupants)
{
	struct occupant *occupant = NULL;

	while ((occupant = TAILQ_FIRST(&occupants->items)) != NULL)
		occupants_remove(occupants, occupant->member.cgroup);
}
