/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/departed.h"

#include <stdlib.h>

bool departed_add(struct departed_list *list, uint64_t cgroup_id, uint32_t level, uint32_t target, uint64_t expires)
{
	struct departed *departed = malloc(sizeof(*departed));

	if (departed == NULL)
		return false;
	*departed = (struct departed){.cgroup_id = cgroup_id, .expires = expires, .level = level, .target = target};
	STAILQ_INSERT_TAIL(&list->items, departed, next);
	list->count++;
	return true;
}

struct departed *departed_take_expired(struct departed_list *list, uint64_t now)
{
	struct departed *oldest = STAILQ_FIRST(&list->items);

	if (oldest == NULL || (oldest->expires > now && list->count <= DEPARTED_MAX))
		return NULL;
	STAILQ_REMOVE_HEAD(&list->items, next);
	list->count--;
	return oldest;
}

uint64_t departed_next_expiry(const struct departed_list *list)
{
	return STAILQ_EMPTY(&list->items) ? UINT64_MAX : STAILQ_FIRST(&list->items)->expires;
}

void departed_clear(struct departed_list *list)
{
	struct departed *departed = NULL;

	while ((departed = STAILQ_FIRST(&list->items)) != NULL) {
		STAILQ_REMOVE_HEAD(&list->items, next);
		free(departed);
	}
	list->count = 0;
}
