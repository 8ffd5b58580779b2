/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/subject.h"

#include "cgroup/lookup.h"
#include "config/selectors.h"
#include "inspect/place.h"
#include "util/cleanup.h"
#include "util/unit_name.h"
#include "util/users.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add_path(struct subject *subject, char *path)
{
	char **paths = path != NULL ? reallocarray(subject->paths, subject->path_count + 1, sizeof(*paths)) : NULL;

	if (paths == NULL) {
		free(path);
		return -ENOMEM;
	}
	subject->paths = paths;
	paths[subject->path_count++] = path;
	return 0;
}

const struct cgroup *subject_find_cgroup(const struct cgroup_index *index, const char *path)
{
	CLEANUP(freep) char *copy = strdup(path);
	struct cgroup *cgroup = index->tree.root;
	struct cgroup *child = cgroup;
	char *state = NULL;

	for (char *name = copy != NULL ? strtok_r(copy, "/", &state) : NULL; name != NULL && child != NULL;
	     name = strtok_r(NULL, "/", &state)) {
		child = cgroup_child(&index->tree, cgroup, name);
		cgroup = child != NULL ? child : cgroup;
	}
	return cgroup;
}

/* The topmost cgroup at or above one that is something's. */
static const struct cgroup *find_top(const struct cgroup *cgroup, struct place *place)
{
	const struct cgroup *top = NULL;
	struct place found;

	for (; cgroup != NULL; cgroup = cgroup->parent) {
		if (place_read(cgroup, &found)) {
			top = cgroup;
			*place = found;
		}
	}
	return top;
}

/* @exists: whether it is the cgroup itself, not only its nearest ancestor */
static int select_cgroup(const struct cgroup *cgroup, bool exists, struct subject *subject)
{
	struct place place;
	const char *slice = NULL;

	subject->kind = APPLICATION_CGROUP;
	if (find_top(cgroup, &place) != NULL && place.kind != APPLICATION_CGROUP) {
		subject->kind = place.kind;
		if (place.kind == APPLICATION_USER)
			subject->id = user_name(place.uid);
		else
			subject->id = strdup(place.kind == APPLICATION_APP ? place.unit.id : place.name);
		return subject->id != NULL ? 0 : -ENOMEM;
	}
	if (!exists || cgroup->parent == NULL || !place_is_slice(cgroup, &slice))
		return 0;
	subject->kind = APPLICATION_SLICE;
	subject->id = strdup(slice);
	return subject->id != NULL ? 0 : -ENOMEM;
}

int subject_of_path(const struct cgroup_index *index, const char *path, struct subject *subject)
{
	const struct cgroup *cgroup = NULL;

	*subject = (struct subject){.kind = APPLICATION_CGROUP, .runs = true};
	if (add_path(subject, strdup(path)) < 0)
		return -ENOMEM;
	if (index == NULL)
		return 0;
	cgroup = subject_find_cgroup(index, path);
	return select_cgroup(cgroup, cgroup->level == cgroup_path_level(path), subject);
}

static bool is_of(const struct cgroup *cgroup, const struct match *match)
{
	CLEANUP(freep) char *user = NULL;
	const char *slice = NULL;

	if (match->kind == APPLICATION_SLICE)
		return place_is_slice(cgroup, &slice) && strcmp(slice, match->id) == 0;
	if (place_user_slice(cgroup) == NO_UID)
		return false;
	user = user_name(place_user_slice(cgroup));
	return user != NULL && strcmp(user, match->id) == 0;
}

/* A user's slice, or slices of one name of several managers. */
static int add_slices(const struct applications *applications, const struct match *match, struct subject *subject)
{
	for (const struct cgroup *cgroup = cgroup_next(applications->index.tree.root); cgroup != NULL;
	     cgroup = cgroup_next(cgroup)) {
		if (is_of(cgroup, match) && add_path(subject, cgroup_path_copy(cgroup)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_application(const struct applications *applications, const struct application *application,
			   struct subject *subject)
{
	const struct cgroup_index *index = &applications->index;
	uint32_t level = UINT32_MAX;

	/* the walk's order: parents come before their children */
	for (size_t i = 0; i < application->cgroup_count; i++) {
		const struct cgroup *cgroup = index->by_id[application->cgroups[i]];

		if (cgroup->level > level)
			continue;
		level = cgroup->level;
		if (add_path(subject, cgroup_path_copy(cgroup)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_running(const struct applications *applications, const struct match *match, struct subject *subject)
{
	if (match->kind == APPLICATION_CGROUP)
		return add_path(subject, strdup(match->id));
	if (match->kind == APPLICATION_SLICE || match->kind == APPLICATION_USER)
		return add_slices(applications, match, subject);
	for (size_t i = 0; i < applications->count; i++) {
		const struct application *application = &applications->items[i];

		if (application->kind == match->kind && strcmp(application->id, match->id) == 0 &&
		    add_application(applications, application, subject) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whose manager would start it: with sudo, the user's who typed that. */
static uint32_t asking_user(void)
{
	const char *sudo = getenv("SUDO_UID");

	return getuid() == 0 && sudo != NULL ? (uint32_t)strtoul(sudo, NULL, 10) : getuid();
}

/* Where systemd puts something by default. */
static char *usual_path(const struct match *match)
{
	const uint32_t uid = asking_user();
	char escaped[UNIT_NAME_ESCAPED_SIZE] = "";
	struct user user;
	char *path = NULL;
	int length = -1;

	if (match->kind == APPLICATION_UNIT)
		length = asprintf(&path, "/system.slice/%s", match->id);
	if (match->kind == APPLICATION_USER && user_by_name(match->id, &user)) {
		length = asprintf(&path, "/user.slice/user-%" PRIu32 ".slice", user.uid);
		free(user.name);
		free(user.home);
	}
	if (match->kind == APPLICATION_USER_UNIT)
		length = asprintf(&path, "/user.slice/user-%" PRIu32 ".slice/user@%" PRIu32 ".service/app.slice/%s",
				  uid, uid, match->id);
	if (match->kind == APPLICATION_APP && strlen(match->id) < UNIT_NAME_SIZE) {
		unit_name_escape(escaped, match->id);
		length = asprintf(
			&path, "/user.slice/user-%" PRIu32 ".slice/user@%" PRIu32 ".service/app.slice/app-%s-1.scope",
			uid, uid, escaped);
	}
	return length >= 0 ? path : NULL;
}

int subject_of_match(const struct applications *applications, const struct match *match, struct subject *subject)
{
	*subject = (struct subject){
		.is_named = true,
		.kind = match->kind,
		.id = strdup(match->id),
		.name = strdup(match->name),
		.users = match->users != NULL ? strdup(match->users) : NULL,
	};
	if (subject->id == NULL || subject->name == NULL || (match->users != NULL && subject->users == NULL))
		return -ENOMEM;
	if (add_running(applications, match, subject) < 0)
		return -ENOMEM;
	subject->runs = subject->path_count > 0;
	return subject->runs ? 0 : add_path(subject, usual_path(match));
}

static void match_clear(struct match *match)
{
	free(match->id);
	free(match->name);
	free(match->users);
}

static void keep_kind(struct matches *matches, enum application_kind kind)
{
	size_t kept = 0;

	for (size_t i = 0; i < matches->count; i++) {
		if (matches->items[i].kind == kind)
			matches->items[kept++] = matches->items[i];
		else
			match_clear(&matches->items[i]);
	}
	matches->count = kept;
}

static int add_exact(enum application_kind kind, const char *id, struct matches *matches)
{
	matches->items = calloc(1, sizeof(*matches->items));
	if (matches->items == NULL)
		return -ENOMEM;
	matches->count = matches->capacity = 1;
	matches->items[0] = (struct match){.kind = kind, .id = strdup(id), .name = strdup(id)};
	return matches->items[0].id != NULL && matches->items[0].name != NULL ? 0 : -ENOMEM;
}

static int find_kind(const struct applications *applications, const struct desktop_entries *entries,
		     enum application_kind kind, const char *word, struct matches *matches)
{
	static const enum selector selectors[] = {
		[APPLICATION_APP] = SELECTOR_APP,
		[APPLICATION_UNIT] = SELECTOR_UNIT,
		[APPLICATION_USER_UNIT] = SELECTOR_USER_UNIT,
		[APPLICATION_SLICE] = SELECTOR_SLICE,
		[APPLICATION_USER] = SELECTOR_USER,
	};
	int result = names_find(applications, entries, word, matches);

	keep_kind(matches, kind);
	if (result < 0 || matches->count > 0 || !selector_takes(selectors[kind], word))
		return result;
	matches_clear(matches);
	return add_exact(kind, word, matches);
}

int subject_find(const struct applications *applications, const struct desktop_entries *entries, const char *word,
		 struct matches *matches)
{
	for (int kind = APPLICATION_APP; kind < APPLICATION_CGROUP; kind++) {
		const char *key = application_key((enum application_kind)kind);
		const size_t length = strlen(key);

		if (strncmp(word, key, length) == 0 && word[length] == ':')
			return find_kind(applications, entries, (enum application_kind)kind, word + length + 1,
					 matches);
	}
	return names_find(applications, entries, word, matches);
}

void subject_clear(struct subject *subject)
{
	for (size_t i = 0; i < subject->path_count; i++)
		free(subject->paths[i]);
	free(subject->paths);
	free(subject->id);
	free(subject->name);
	free(subject->users);
	*subject = (struct subject){0};
}
