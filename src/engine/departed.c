/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/departed.h"

#include <search.h>
#include <stdlib.h>

enum { CENSUSES_MISSED = 2 };

static int compare_ids(const void *left, const void *right)
{
	const struct departed *a = left;
	const struct departed *b = right;

	return (a->cgroup_id > b->cgroup_id) - (a->cgroup_id < b->cgroup_id);
}

void departed_init(struct departed_list *list)
{
	*list = (struct departed_list){0};
	TAILQ_INIT(&list->items);
}

bool departed_add(struct departed_list *list, const struct departed *departed)
{
	struct departed *added = malloc(sizeof(*added));

	if (added == NULL)
		return false;
	*added = *departed;
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

struct departed *departed_find(const struct departed_list *list, uint64_t cgroup_id)
{
	const struct departed key = {.cgroup_id = cgroup_id};
	struct departed *const *found = tfind(&key, &list->by_id, compare_ids);

	return found != NULL ? *found : NULL;
}

void departed_remove(struct departed_list *list, struct departed *departed)
{
	tdelete(departed, &list->by_id, compare_ids);
	TAILQ_REMOVE(&list->items, departed, next);
	list->count--;
	list->used_count -= departed->is_used;
	list->unknown_count -= departed->parent_id == 0;
	free(departed);
}

bool departed_copy(struct departed_list *list, const struct departed_list *other)
{
	const struct departed *departed = NULL;

	TAILQ_FOREACH (departed, &other->items, next) {
		if (!departed_add(list, departed))
			return false;
	}
	list->census = other->census;
	list->begun = other->begun;
	list->strangers = other->strangers;
	return true;
}

bool departed_too_many(const struct departed_list *list)
{
	return list->count - list->used_count > DEPARTED_MAX;
}

uint64_t departed_due(const struct departed_list *list)
{
	if (TAILQ_EMPTY(&list->items))
		return UINT64_MAX;
	return departed_too_many(list) ? 0 : TAILQ_FIRST(&list->items)->expires;
}

void departed_census_begin(struct departed_list *list, uint64_t now)
{
	list->census++;
	list->begun = now;
	list->strangers = false;
}

bool departed_census_see(struct departed_list *list, uint64_t cgroup_id)
{
	struct departed *departed = departed_find(list, cgroup_id);
	bool found = departed != NULL;

	for (; departed != NULL && departed->seen != list->census; departed = departed_find(list, departed->parent_id))
		departed->seen = list->census;
	return found;
}

void departed_census_see_stranger(struct departed_list *list)
{
	list->strangers = true;
}

static void note(struct departed_list *list, struct departed *departed, bool is_used)
{
	list->used_count += (size_t)is_used - (size_t)departed->is_used;
	departed->is_used = is_used;
}

/* All that are used are moved, due or not, so that they fall due at the same time. */
static void keep(struct departed_list *list, struct departed *departed, uint64_t now)
{
	note(list, departed, true);
	departed->missed = 0;
	departed->expires = now + DEPARTED_GRACE;
	TAILQ_REMOVE(&list->items, departed, next);
	TAILQ_INSERT_TAIL(&list->items, departed, next);
}

/* Returns whether nothing can need it any more. */
static bool is_over(struct departed_list *list, struct departed *departed)
{
	note(list, departed, false);
	if (departed->expires <= list->begun || departed_too_many(list))
		departed->missed++;
	return departed->missed >= CENSUSES_MISSED;
}

int departed_census_end(struct departed_list *list, uint64_t now,
			int (*take)(const struct departed *departed, void *userdata), void *userdata)
{
	struct departed *departed = TAILQ_FIRST(&list->items);
	int error = 0;

	/* what departed later may have had sockets where was looked already; and all that are kept come to stand there
	 */
	while (error == 0 && departed != NULL && departed->expires < list->begun + DEPARTED_GRACE) {
		struct departed *next = TAILQ_NEXT(departed, next);

		if (departed->seen == list->census || (departed->parent_id == 0 && list->strangers)) {
			keep(list, departed, now);
		} else if (is_over(list, departed)) {
			error = take(departed, userdata);
			if (error == 0)
				departed_remove(list, departed);
		}
		departed = next;
	}
	return error;
}

void departed_clear(struct departed_list *list)
{
	struct departed *departed = NULL;

	while ((departed = TAILQ_FIRST(&list->items)) != NULL)
		departed_remove(list, departed);
}
