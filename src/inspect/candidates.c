/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/candidates.h"

#include "config/selectors.h"
#include "inspect/place.h"
#include "inspect/unit_files.h"
#include "util/array.h"
#include "util/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { UID_OF_PEOPLE = 1000 /* UID_MIN of login.defs(5) */ };

static int add(struct candidates *candidates, const struct candidate *candidate)
{
	struct candidate *items =
		array_reserve(candidates->items, &candidates->capacity, candidates->count + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	candidates->items = items;
	items[candidates->count++] = *candidate;
	return 0;
}

/* Takes over an allocated string, which may be NULL. Returns it, or NULL if out of memory. */
static const char *keep(struct candidates *candidates, char *text)
{
	char **texts = NULL;

	if (text == NULL)
		return NULL;
	texts = array_reserve(candidates->texts, &candidates->text_capacity, candidates->text_count + 1,
			      sizeof(*texts));
	if (texts == NULL) {
		free(text);
		return NULL;
	}
	candidates->texts = texts;
	return texts[candidates->text_count++] = text;
}

/* Turns NAME.APP or NAME_KEY.APP into an ID for "app", see desktop/unit.h. */
static char *id_of_snap(const char *snap)
{
	const char *dot = strchr(snap, '.');
	char *id = strdup(snap);
	char *key = id != NULL ? strchr(id, '_') : NULL;

	if (id == NULL || dot == NULL)
		return id;
	if (key != NULL && key < id + (dot - snap))
		*key = '+';
	id[dot - snap] = '_';
	return id;
}

/* Adds the names from an entry. */
static void add_aliases(struct candidate *candidate, const struct desktop_entry *entry)
{
	candidate->aliases[0] = entry->name;
	candidate->aliases[1] = entry->original_name;
	candidate->aliases[2] = entry->program;
	candidate->is_installed = true;
}

/*
 * Hidden entries are mostly file associations of applications that have another entry. Games have cgroups of their own
 * only while running, if at all.
 */
static int add_entry(struct candidates *candidates, const struct desktop_entry *entry)
{
	struct candidate candidate = {.kind = APPLICATION_APP, .id = entry->id, .name = entry->name, .uid = NO_UID};

	if (entry->is_masked || entry->is_hidden || entry->steam_game != NULL)
		return 0;
	if (entry->snap != NULL) {
		candidate.id = keep(candidates, id_of_snap(entry->snap));
		candidate.other_id = entry->id;
		if (candidate.id == NULL)
			return -ENOMEM;
	}
	if (!selector_takes(SELECTOR_APP, candidate.id))
		return 0;
	add_aliases(&candidate, entry);
	return add(candidates, &candidate);
}

static int add_installed(struct candidates *candidates, const struct desktop_entries *entries)
{
	for (size_t i = 0; entries != NULL && i < entries->count; i++) {
		for (size_t j = 0; j < entries->lists[i].count; j++) {
			if (add_entry(candidates, &entries->lists[i].items[j]) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int add_running(struct candidates *candidates, const struct applications *applications,
		       const struct desktop_entries *entries)
{
	for (size_t i = 0; i < applications->count; i++) {
		const struct application *application = &applications->items[i];
		struct candidate candidate = {.kind = application->kind,
					      .id = application->id,
					      .name = application->name,
					      .uid = application->uid,
					      .runs = true,
					      .is_installed = application->kind == APPLICATION_USER};
		const struct desktop_entry *entry =
			application->kind == APPLICATION_APP && entries != NULL
				? desktop_entries_find(entries, application->uid, application->id)
				: NULL;

		if (entry != NULL)
			add_aliases(&candidate, entry);
		if (application->kind == APPLICATION_UNIT)
			candidate.is_installed = unit_files_has_system(application->id);
		if (application->kind == APPLICATION_USER_UNIT)
			candidate.is_installed = unit_files_has_user(application->id, &application->uid, 1);
		if (add(candidates, &candidate) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* All slices, and the users whose slices are among them. */
static int add_slices(struct candidates *candidates, const struct cgroup *root)
{
	for (const struct cgroup *cgroup = cgroup_next(root); cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		struct candidate candidate = {.kind = APPLICATION_SLICE, .uid = NO_UID, .runs = true};
		const uint32_t uid = place_user_slice(cgroup);

		if (!place_is_slice(cgroup, &candidate.id))
			continue;
		candidate.name = candidate.id;
		if (add(candidates, &candidate) < 0)
			return -ENOMEM;
		if (uid == NO_UID)
			continue;
		candidate =
			(struct candidate){.kind = APPLICATION_USER, .uid = uid, .runs = true, .is_installed = true};
		candidate.id = candidate.name = keep(candidates, user_name(uid));
		if (candidate.id == NULL || add(candidates, &candidate) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_user(struct candidates *candidates, const char *word)
{
	struct candidate candidate = {.kind = APPLICATION_USER, .uid = NO_UID, .is_installed = true};
	struct user user;

	if (!user_by_name(word, &user))
		return 0;
	free(user.home);
	candidate.id = candidate.name = keep(candidates, user.name);
	if (candidate.id == NULL)
		return -ENOMEM;
	return user.uid == 0 || user.uid >= UID_OF_PEOPLE ? add(candidates, &candidate) : 0;
}

static char *without_ending(const char *unit)
{
	return strndup(unit, (size_t)(strrchr(unit, '.') - unit));
}

/* @uids: the users in whose homes to look */
static int add_unit(struct candidates *candidates, const char *unit, const uint32_t *uids, size_t count)
{
	struct candidate candidate = {.id = unit, .uid = NO_UID, .is_installed = true};

	if (!selector_takes(SELECTOR_UNIT, unit))
		return 0;
	candidate.name = keep(candidates, without_ending(unit));
	if (candidate.name == NULL)
		return -ENOMEM;
	candidate.kind = APPLICATION_UNIT;
	if (unit_files_has_system(unit) && add(candidates, &candidate) < 0)
		return -ENOMEM;
	candidate.kind = APPLICATION_USER_UNIT;
	return unit_files_has_user(unit, uids, count) ? add(candidates, &candidate) : 0;
}

static int add_units(struct candidates *candidates, const struct desktop_entries *entries, const char *word)
{
	const size_t lists = entries != NULL ? entries->count : 0;
	uint32_t *uids = calloc(lists + 1, sizeof(*uids));
	char *service = NULL;
	size_t count = 0;
	int result = uids != NULL && asprintf(&service, "%s.service", word) >= 0 ? 0 : -ENOMEM;

	for (size_t i = 0; i < lists && result == 0; i++) {
		if (entries->lists[i].uid != DESKTOP_SYSTEM)
			uids[count++] = entries->lists[i].uid;
	}
	if (result == 0 && keep(candidates, service) == NULL)
		result = -ENOMEM;
	if (result == 0)
		result = add_unit(candidates, word, uids, count);
	if (result == 0)
		result = add_unit(candidates, service, uids, count);
	free(uids);
	return result;
}

int candidates_list(const struct applications *applications, const struct desktop_entries *entries, const char *word,
		    struct candidates *candidates)
{
	int result = add_running(candidates, applications, entries);

	if (result == 0)
		result = add_installed(candidates, entries);
	if (result == 0)
		result = add_slices(candidates, applications->index.tree.root);
	if (result == 0)
		result = add_user(candidates, word);
	return result == 0 ? add_units(candidates, entries, word) : result;
}

void candidates_clear(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->text_count; i++)
		free(candidates->texts[i]);
	free(candidates->texts);
	free(candidates->items);
	*candidates = (struct candidates){0};
}
