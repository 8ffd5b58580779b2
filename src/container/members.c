/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/members.h"

#include "cgroup/tree.h"
#include "util/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool members_have(const struct member *member, const struct known *known)
{
	for (uint8_t i = 0; i < member->container_count; i++) {
		if (member->containers[i] == known)
			return true;
	}
	return false;
}

static size_t place_cgroup(const struct known *known, uint64_t id)
{
	size_t low = 0;
	size_t high = known->container.cgroup_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (known->cgroups[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int reserve_cgroup(struct known *known)
{
	const size_t count = known->container.cgroup_count + 1;
	const struct cgroup **cgroups =
		array_reserve(known->cgroups, &known->cgroup_capacity, count, sizeof(struct cgroup *));
	struct member **members = NULL;

	if (cgroups != NULL)
		known->cgroups = cgroups;
	members = array_reserve(known->members, &known->member_capacity, count, sizeof(struct member *));
	if (members != NULL)
		known->members = members;
	known->container.cgroups = (const struct cgroup *const *)known->cgroups;
	return cgroups != NULL && members != NULL ? 0 : -ENOMEM;
}

int members_join(struct model *model, struct member *member, struct known *known, uint64_t now)
{
	const size_t at = place_cgroup(known, member->cgroup->id);
	const size_t behind = known->container.cgroup_count - at;

	if (member->container_count == MEMBER_CONTAINERS_MAX)
		return -ENOSPC;
	if (member->containers == NULL)
		member->containers = calloc(MEMBER_CONTAINERS_MAX, sizeof(struct known *));
	if (member->containers == NULL || reserve_cgroup(known) < 0)
		return -ENOMEM;
	member->containers[member->container_count++] = known;
	memmove(&known->cgroups[at + 1], &known->cgroups[at], behind * sizeof(struct cgroup *));
	memmove(&known->members[at + 1], &known->members[at], behind * sizeof(struct member *));
	known->cgroups[at] = member->cgroup;
	known->members[at] = member;
	known->container.cgroup_count++;
	model_note_change(model, known, now);
	return 0;
}

void members_leave(struct model *model, struct member *member, struct known *known, uint64_t now)
{
	const size_t at = place_cgroup(known, member->cgroup->id);
	const size_t behind = known->container.cgroup_count - at - 1;

	model_forget_in(member, known);
	memmove(&known->cgroups[at], &known->cgroups[at + 1], behind * sizeof(struct cgroup *));
	memmove(&known->members[at], &known->members[at + 1], behind * sizeof(struct member *));
	known->container.cgroup_count--;
	model_note_change(model, known, now);
}

void members_leave_all(struct model *model, struct member *member, uint64_t now)
{
	while (member->container_count > 0)
		members_leave(model, member, member->containers[0], now);
}
