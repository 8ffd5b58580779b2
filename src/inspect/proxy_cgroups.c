/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/proxy_cgroups.h"

#include "util/array.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_before(const struct proxy_cgroup *one, const struct proxy_cgroup *other)
{
	return one->id != other->id ? one->id < other->id : one->proxy < other->proxy;
}

/* Binary search. Returns where an entry is or belongs, which bsearch(3) can't. */
static size_t place_of(const struct proxy_cgroups *cgroups, const struct proxy_cgroup *wanted)
{
	size_t begin = 0;
	size_t end = cgroups->count;

	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;

		if (is_before(&cgroups->items[middle], wanted))
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

/* Returns 1, 0 if the entry is there already, or -ENOMEM. */
static int insert(struct proxy_cgroups *cgroups, const struct proxy_cgroup *entry)
{
	const size_t place = place_of(cgroups, entry);
	struct proxy_cgroup *items = NULL;

	if (place < cgroups->count && !is_before(entry, &cgroups->items[place]))
		return 0;
	items = array_reserve(cgroups->items, &cgroups->capacity, cgroups->count + 1, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	cgroups->items = items;
	memmove(&items[place + 1], &items[place], (cgroups->count - place) * sizeof(*items));
	items[place] = *entry;
	cgroups->count++;
	return 1;
}

int proxy_cgroups_add(struct proxy_cgroups *cgroups, uint32_t proxy, const struct listeners *listeners,
		      const struct proxy_surroundings *surroundings)
{
	int added = 0;

	for (size_t i = 0; i < listeners->count && added < PROXY_CGROUPS_MAX; i++) {
		const struct proxy_cgroup entry = {listeners->items[i].cgroup_id, proxy};
		int result = 0;

		if (tproxy_finds_listener(&listeners->items[i], surroundings))
			result = insert(cgroups, &entry);
		if (result < 0)
			return result;
		added += result;
	}
	return 0;
}

const struct proxy_cgroup *proxy_cgroups_find(const struct proxy_cgroups *cgroups, uint64_t id, size_t *count)
{
	const struct proxy_cgroup first = {.id = id};
	const size_t place = place_of(cgroups, &first);
	size_t end = place;

	while (end < cgroups->count && cgroups->items[end].id == id)
		end++;
	*count = end - place;
	return *count > 0 ? &cgroups->items[place] : NULL;
}

void proxy_cgroups_clear(struct proxy_cgroups *cgroups)
{
	free(cgroups->items);
	*cgroups = (struct proxy_cgroups){0};
}
