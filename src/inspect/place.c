/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/place.h"

#include "config/selectors.h"
#include "util/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_root(const struct cgroup *cgroup)
{
	return cgroup->parent == NULL;
}

/* Parses a number between two strings, in systemd's notation; NO_UID for anything else. */
static uint32_t uid_between(const char *name, const char *before, const char *after)
{
	char again[64];
	unsigned long long uid = 0;

	if (strncmp(name, before, strlen(before)) != 0)
		return NO_UID;
	uid = strtoull(name + strlen(before), NULL, 10);
	snprintf(again, sizeof(again), "%s%llu%s", before, uid, after);
	return strcmp(name, again) == 0 && uid < NO_UID ? (uint32_t)uid : NO_UID;
}

uint32_t place_user_slice(const struct cgroup *cgroup)
{
	if (is_root(cgroup) || is_root(cgroup->parent) || !is_root(cgroup->parent->parent) ||
	    strcmp(cgroup->parent->name, "user.slice") != 0)
		return NO_UID;
	return uid_between(cgroup->name, "user-", ".slice");
}

/* The user whose manager this is, or NO_UID. */
static uint32_t manager_of(const struct cgroup *cgroup)
{
	uint32_t uid = is_root(cgroup) ? NO_UID : place_user_slice(cgroup->parent);

	return uid != NO_UID && uid_between(cgroup->name, "user@", ".service") == uid ? uid : NO_UID;
}

/* The unit's name (see systemd's cg_unescape()). */
static const char *unit_of(const struct cgroup *cgroup)
{
	return cgroup->name + (*cgroup->name == '_');
}

static bool is_slice_name(const struct cgroup *cgroup)
{
	return has_suffix(cgroup->name, ".slice");
}

/* Whether there are only slices between a cgroup and the root or a user's manager. @uid: whose slice or manager. */
static bool is_below_slices(const struct cgroup *cgroup, uint32_t *uid)
{
	const struct cgroup *above = cgroup->parent;

	*uid = NO_UID;
	while (above != NULL && !is_root(above) && is_slice_name(above)) {
		if (place_user_slice(above) != NO_UID)
			*uid = place_user_slice(above);
		above = above->parent;
	}
	if (above == NULL || is_root(above))
		return above != NULL;
	*uid = manager_of(above);
	return *uid != NO_UID;
}

/* Whether a cgroup is below its user's manager. */
static bool has_manager(const struct cgroup *cgroup)
{
	for (const struct cgroup *above = cgroup->parent; above != NULL; above = above->parent) {
		if (manager_of(above) != NO_UID)
			return true;
	}
	return false;
}

bool place_is_slice(const struct cgroup *cgroup, const char **name)
{
	uint32_t uid = NO_UID;

	*name = unit_of(cgroup);
	return !is_root(cgroup) && is_below_slices(cgroup, &uid) && selector_takes(SELECTOR_SLICE, *name);
}

static enum application_kind kind_of_unit(const struct cgroup *cgroup, struct place *place)
{
	if (has_manager(cgroup))
		return selector_takes(SELECTOR_USER_UNIT, place->name) ? APPLICATION_USER_UNIT : APPLICATION_CGROUP;
	if (place->uid != NO_UID && strncmp(place->name, "session-", strlen("session-")) == 0 &&
	    has_suffix(place->name, ".scope"))
		return APPLICATION_USER;
	return selector_takes(SELECTOR_UNIT, place->name) ? APPLICATION_UNIT : APPLICATION_CGROUP;
}

bool place_read(const struct cgroup *cgroup, struct place *place)
{
	if (is_root(cgroup) || manager_of(cgroup) != NO_UID)
		return false;
	place->name = unit_of(cgroup);
	is_below_slices(cgroup, &place->uid);
	if (has_manager(cgroup) && desktop_unit_read(cgroup->name, &place->unit) &&
	    selector_takes(SELECTOR_APP, place->unit.id)) {
		place->kind = APPLICATION_APP;
		return true;
	}
	if (is_slice_name(cgroup))
		return false;
	place->kind = kind_of_unit(cgroup, place);
	if (place->kind == APPLICATION_CGROUP)
		place->name = cgroup->name;
	return true;
}
