/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/applications.h"

#include "inspect/containers.h"
#include "inspect/place.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* A topmost cgroup and what it belongs to. Those of the same application are merged. */
struct top {
	const struct cgroup *cgroup;
	size_t order; /* in depth-first order */
	enum application_kind kind;
	uint32_t uid;
	char *id;
	char *name;
};

struct tops {
	struct top *items;
	size_t count;
	size_t capacity;
};

static void tops_clear(struct tops *tops)
{
	for (size_t i = 0; i < tops->count; i++) {
		free(tops->items[i].id);
		free(tops->items[i].name);
	}
	free(tops->items);
}

/* The container that it is, or the unit's name without ".service". */
static char *name_of_unit(const char *unit)
{
	char container[CONTAINER_NAME_SIZE];

	if (container_write_name(unit, container, sizeof(container)))
		return strdup(container);
	const char *dot = strrchr(unit, '.');

	return dot != NULL && strcmp(dot, ".service") == 0 ? strndup(unit, (size_t)(dot - unit)) : strdup(unit);
}

static char *name_of_app(const struct desktop_entries *entries, uint32_t uid, const struct desktop_unit *unit)
{
	const struct desktop_entry *entry = NULL;

	if (entries != NULL && *unit->snap != '\0')
		entry = desktop_entries_find_snap(entries, uid, unit->snap);
	if (entries != NULL && *unit->game != '\0')
		entry = desktop_entries_find_game(entries, uid, unit->game);
	if (entries != NULL && entry == NULL)
		entry = desktop_entries_find(entries, uid, unit->id);
	return strdup(entry != NULL ? entry->name : unit->id);
}

static void name_top(struct top *top, const struct place *place, const struct desktop_entries *entries)
{
	switch (place->kind) {
	case APPLICATION_APP:
		top->id = strdup(place->unit.id);
		top->name = name_of_app(entries, place->uid, &place->unit);
		return;
	case APPLICATION_UNIT:
	case APPLICATION_USER_UNIT:
	case APPLICATION_SLICE:
		top->id = strdup(place->name);
		top->name = name_of_unit(place->name);
		return;
	case APPLICATION_USER:
		top->id = user_name(place->uid);
		top->name = user_name(place->uid);
		return;
	case APPLICATION_CGROUP:
		top->id = cgroup_path_copy(top->cgroup);
		top->name = cgroup_path_copy(top->cgroup);
		return;
	}
}

static int add_top(struct tops *tops, const struct cgroup *cgroup, const struct place *place,
		   struct desktop_entries *entries)
{
	struct top *items = array_reserve(tops->items, &tops->capacity, tops->count + 1, sizeof(*items));
	struct top *top = NULL;

	if (items == NULL)
		return -ENOMEM;
	tops->items = items;
	if (entries != NULL && place->uid != NO_UID && desktop_entries_read(entries, place->uid) < 0)
		return -ENOMEM;
	top = &items[tops->count];
	*top = (struct top){.cgroup = cgroup, .order = tops->count, .kind = place->kind, .uid = place->uid};
	tops->count++;
	name_top(top, place, entries);
	return top->id != NULL && top->name != NULL ? 0 : -ENOMEM;
}

/* Returns what follows a cgroup and its descendants in depth-first order, or NULL. */
static const struct cgroup *next_beside(const struct cgroup *cgroup)
{
	const struct cgroup *next = cgroup_next(cgroup);

	while (next != NULL && next->level > cgroup->level)
		next = cgroup_next(next);
	return next;
}

static int find_tops(const struct cgroup *root, struct desktop_entries *entries, struct tops *tops)
{
	const struct cgroup *cgroup = cgroup_next(root);
	int result = 0;

	while (cgroup != NULL && result == 0) {
		struct place place;

		if (place_read(cgroup, &place)) {
			result = add_top(tops, cgroup, &place, entries);
			cgroup = next_beside(cgroup);
		} else {
			cgroup = cgroup_next(cgroup);
		}
	}
	return result;
}

static int compare_tops(const void *left, const void *right)
{
	const struct top *a = left;
	const struct top *b = right;
	int order = (a->kind > b->kind) - (a->kind < b->kind);

	if (order == 0)
		order = (a->uid > b->uid) - (a->uid < b->uid);
	if (order == 0)
		order = strcmp(a->id, b->id);
	return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static bool is_same(const struct top *top, const struct application *application)
{
	return top->kind == application->kind && top->uid == application->uid && strcmp(top->id, application->id) == 0;
}

static int add_cgroups(const struct cgroup_index *index, struct application *application, const struct cgroup *top)
{
	const struct cgroup *end = next_beside(top);

	for (const struct cgroup *cgroup = top; cgroup != end; cgroup = cgroup_next(cgroup)) {
		size_t *cgroups = array_reserve(application->cgroups, &application->cgroup_capacity,
						application->cgroup_count + 1, sizeof(*cgroups));

		if (cgroups == NULL)
			return -ENOMEM;
		application->cgroups = cgroups;
		cgroups[application->cgroup_count++] = cgroup_index_position(index, cgroup);
	}
	return 0;
}

/* Moves the strings to the application. */
static struct application *add_application(struct applications *applications, struct top *top)
{
	struct application *items =
		array_reserve(applications->items, &applications->capacity, applications->count + 1, sizeof(*items));
	struct application *added = NULL;

	if (items == NULL)
		return NULL;
	applications->items = items;
	added = &items[applications->count++];
	*added = (struct application){.kind = top->kind, .id = top->id, .name = top->name, .uid = top->uid};
	top->id = NULL;
	top->name = NULL;
	if (added->uid != NO_UID)
		added->user = user_name(added->uid);
	return added->uid == NO_UID || added->user != NULL ? added : NULL;
}

static int group(struct tops *tops, struct applications *applications)
{
	struct application *last = NULL;

	if (tops->count > 0)
		qsort(tops->items, tops->count, sizeof(*tops->items), compare_tops);
	for (size_t i = 0; i < tops->count; i++) {
		if (last == NULL || !is_same(&tops->items[i], last))
			last = add_application(applications, &tops->items[i]);
		if (last == NULL || add_cgroups(&applications->index, last, tops->items[i].cgroup) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int compare_applications(const void *left, const void *right)
{
	const struct application *a = left;
	const struct application *b = right;
	int order = 0;

	/* fails only if out of memory, and then any order will do */
	if (u8_casecmp((const uint8_t *)a->name, strlen(a->name), (const uint8_t *)b->name, strlen(b->name), NULL,
		       UNINORM_NFC, &order) != 0 ||
	    order == 0)
		order = strcmp(a->name, b->name);
	if (order == 0)
		order = strcmp(a->user != NULL ? a->user : "", b->user != NULL ? b->user : "");
	if (order == 0)
		order = (a->kind > b->kind) - (a->kind < b->kind);
	return order != 0 ? order : strcmp(a->id, b->id);
}

int applications_read(const char *cgroup_root, struct desktop_entries *entries, struct applications *applications,
		      struct error *error)
{
	CLEANUP(tops_clear) struct tops tops = {0};
	int result = cgroup_index_read(&applications->index, cgroup_root, error);

	if (result < 0)
		return result;
	if (entries != NULL)
		result = desktop_entries_read(entries, DESKTOP_SYSTEM);
	if (result == 0)
		result = find_tops(applications->index.tree.root, entries, &tops);
	if (result == 0)
		result = group(&tops, applications);
	if (result < 0)
		return error_set(error, result, "no memory for the list of what runs");
	if (applications->count > 0)
		qsort(applications->items, applications->count, sizeof(*applications->items), compare_applications);
	return 0;
}

void applications_clear(struct applications *applications)
{
	for (size_t i = 0; i < applications->count; i++) {
		free(applications->items[i].id);
		free(applications->items[i].name);
		free(applications->items[i].user);
		free(applications->items[i].cgroups);
	}
	free(applications->items);
	cgroup_index_clear(&applications->index);
	*applications = (struct applications){0};
}
