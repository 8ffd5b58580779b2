/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/tombstones.h"

#include <search.h>
#include <stdlib.h>

enum { CENSUSES_MISSED = 2 };

static int compare_ids(const void *left, const void *right)
{
	const struct tombstone *a = left;
	const struct tombstone *b = right;

	return (a->cgroup_id > b->cgroup_id) - (a->cgroup_id < b->cgroup_id);
}

void tombstones_init(struct tombstones *list)
{
	*list = (struct tombstones){0};
	TAILQ_INIT(&list->items);
}

bool tombstones_add(struct tombstones *list, const struct tombstone *tombstone)
{
	struct tombstone *added = malloc(sizeof(*added));

	if (added == NULL)
		return false;
	*added = *tombstone;
	if (tsearch(added, &list->by_id, compare_ids) == NULL) {
		free(added);
		return false;
	}
	TAILQ_INSERT_TAIL(&list->items, added, next);
	list->count++;
	list->used_count += added->is_used;
	list->unknown_count += added->parent_id == 0;
	return true;
}

struct tombstone *tombstones_find(const struct tombstones *list, uint64_t cgroup_id)
{
	const struct tombstone key = {.cgroup_id = cgroup_id};
	struct tombstone *const *found = tfind(&key, &list->by_id, compare_ids);

	return found != NULL ? *found : NULL;
}

void tombstones_remove(struct tombstones *list, struct tombstone *tombstone)
{
	tdelete(tombstone, &list->by_id, compare_ids);
	TAILQ_REMOVE(&list->items, tombstone, next);
	list->count--;
	list->used_count -= tombstone->is_used;
	list->unknown_count -= tombstone->parent_id == 0;
	free(tombstone);
}

bool tombstones_copy(struct tombstones *list, const struct tombstones *other)
{
	const struct tombstone *tombstone = NULL;

	TAILQ_FOREACH (tombstone, &other->items, next) {
		if (!tombstones_add(list, tombstone))
			return false;
	}
	list->census = other->census;
	list->begun = other->begun;
	list->strangers = other->strangers;
	return true;
}

bool tombstones_too_many(const struct tombstones *list)
{
	return list->count - list->used_count > TOMBSTONE_MAX;
}

uint64_t tombstones_due(const struct tombstones *list)
{
	if (TAILQ_EMPTY(&list->items))
		return UINT64_MAX;
	return tombstones_too_many(list) ? 0 : TAILQ_FIRST(&list->items)->expires;
}

void tombstones_census_begin(struct tombstones *list, uint64_t now)
{
	list->census++;
	list->begun = now;
	list->strangers = false;
}

bool tombstones_census_see(struct tombstones *list, uint64_t cgroup_id)
{
	struct tombstone *tombstone = tombstones_find(list, cgroup_id);
	bool found = tombstone != NULL;

	for (; tombstone != NULL && tombstone->seen != list->census;
	     tombstone = tombstones_find(list, tombstone->parent_id))
		tombstone->seen = list->census;
	return found;
}

void tombstones_census_see_stranger(struct tombstones *list)
{
	list->strangers = true;
}

static void note(struct tombstones *list, struct tombstone *tombstone, bool is_used)
{
	list->used_count += (size_t)is_used - (size_t)tombstone->is_used;
	tombstone->is_used = is_used;
}

/* All with sockets are moved, due or not, so that they come due at the same time. */
static void keep(struct tombstones *list, struct tombstone *tombstone, uint64_t now)
{
	note(list, tombstone, true);
	tombstone->missed = 0;
	tombstone->expires = now + TOMBSTONE_GRACE;
	TAILQ_REMOVE(&list->items, tombstone, next);
	TAILQ_INSERT_TAIL(&list->items, tombstone, next);
}

/* Returns whether it is no longer needed. */
static bool is_over(struct tombstones *list, struct tombstone *tombstone)
{
	note(list, tombstone, false);
	if (tombstone->expires <= list->begun || tombstones_too_many(list))
		tombstone->missed++;
	return tombstone->missed >= CENSUSES_MISSED;
}

int tombstones_census_end(struct tombstones *list, uint64_t now,
			  int (*take)(const struct tombstone *tombstone, void *userdata), void *userdata)
{
	struct tombstone *tombstone = TAILQ_FIRST(&list->items);
	int error = 0;

	/* sockets of cgroups removed after the census began may have been missed; and keep() moves tombstones there */
	while (error == 0 && tombstone != NULL && tombstone->expires < list->begun + TOMBSTONE_GRACE) {
		struct tombstone *next = TAILQ_NEXT(tombstone, next);

		if (tombstone->seen == list->census || (tombstone->parent_id == 0 && list->strangers)) {
			keep(list, tombstone, now);
		} else if (is_over(list, tombstone)) {
			error = take(tombstone, userdata);
			if (error == 0)
				tombstones_remove(list, tombstone);
		}
		tombstone = next;
	}
	return error;
}

void tombstones_clear(struct tombstones *list)
{
	struct tombstone *tombstone = NULL;

	while ((tombstone = TAILQ_FIRST(&list->items)) != NULL)
		tombstones_remove(list, tombstone);
}
