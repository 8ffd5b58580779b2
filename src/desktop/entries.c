/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "desktop/entries.h"

#include "desktop/directory.h"
#include "desktop/exec.h"
#include "desktop/keyfile.h"
#include "desktop/rights.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 20000 /* names in all directories of a list */ };

static void entry_clear(struct desktop_entry *entry)
{
	free(entry->id);
	free(entry->name);
	free(entry->original_name);
	free(entry->program);
	free(entry->snap);
	free(entry->steam_game);
}

static char *read_snap(const struct keyfile *keyfile)
{
	CLEANUP(freep) char *name = keyfile_string(keyfile, "X-SnapInstanceName");
	CLEANUP(freep) char *app = keyfile_string(keyfile, "X-SnapAppName");
	char *snap = NULL;

	if (name == NULL || app == NULL || asprintf(&snap, "%s.%s", name, app) < 0)
		return NULL;
	return snap;
}

static int read_entry(const struct keyfile *keyfile, const char *id, struct desktop_entry *entry)
{
	CLEANUP(freep) char *exec = keyfile_string(keyfile, "Exec");

	entry->id = strdup(id);
	entry->name = keyfile_translated(keyfile, "Name");
	entry->original_name = keyfile_string(keyfile, "Name");
	entry->program = exec != NULL ? exec_program(exec) : NULL;
	entry->steam_game = exec != NULL ? exec_steam_game(exec) : NULL;
	entry->snap = read_snap(keyfile);
	entry->is_hidden = keyfile_is_true(keyfile, "NoDisplay");
	entry->is_masked = keyfile_is_true(keyfile, "Hidden");
	return entry->id != NULL ? 0 : -ENOMEM;
}

/* A file that masks another needs no name. */
static bool is_application(const struct keyfile *keyfile, const struct desktop_entry *entry)
{
	CLEANUP(freep) char *type = keyfile_string(keyfile, "Type");

	if (entry->is_masked)
		return true;
	return type != NULL && strcmp(type, "Application") == 0 && entry->name != NULL && *entry->name != '\0' &&
	       entry->original_name != NULL;
}

static int add_entry(const char *id, const char *text, size_t length, void *userdata)
{
	struct desktop_list *list = userdata;
	struct desktop_entry entry = {0};
	struct desktop_entry *items = NULL;
	struct keyfile *keyfile = keyfile_read(text, length);
	int result = 0;

	if (keyfile == NULL)
		return 0;
	result = read_entry(keyfile, id, &entry);
	entry.order = list->count;
	if (result == 0 && is_application(keyfile, &entry)) {
		items = array_reserve(list->items, &list->capacity, list->count + 1, sizeof(*items));
		result = items != NULL ? 0 : -ENOMEM;
	}
	keyfile_free(keyfile);
	if (items == NULL) {
		entry_clear(&entry);
		return result;
	}
	list->items = items;
	items[list->count++] = entry;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct desktop_entry *a = left;
	const struct desktop_entry *b = right;
	int order = strcmp(a->id, b->id);

	return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

/* Of several with the same ID, the first directory's wins. */
static void settle(struct desktop_list *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->items, list->count, sizeof(*list->items), compare);
	for (size_t i = 1; i < list->count; i++) {
		if (strcmp(list->items[kept].id, list->items[i].id) == 0)
			entry_clear(&list->items[i]);
		else
			list->items[++kept] = list->items[i];
	}
	list->count = kept + 1;
}

static int read_below(struct desktop_reader *reader, const char *directory, size_t length, const char *rest)
{
	char path[PATH_MAX];

	if (length == 0 || *directory != '/' ||
	    snprintf(path, sizeof(path), "%.*s%s", (int)length, directory, rest) >= (int)sizeof(path))
		return 0;
	return desktop_directory_read(reader, path);
}

static int read_system(struct desktop_reader *reader)
{
	const char *directories = getenv("XDG_DATA_DIRS");
	int result = 0;

	if (directories == NULL || *directories == '\0')
		directories = "/usr/local/share:/usr/share";
	for (const char *at = directories; *at != '\0' && result == 0;) {
		size_t length = strcspn(at, ":");

		result = read_below(reader, at, length, "/applications");
		at += length + (at[length] == ':');
	}
	if (result == 0)
		result = desktop_directory_read(reader, "/var/lib/flatpak/exports/share/applications");
	return result == 0 ? desktop_directory_read(reader, "/var/lib/snapd/desktop/applications") : result;
}

static int read_user(struct desktop_reader *reader, uint32_t uid)
{
	struct rights rights;
	CLEANUP(freep) char *home = rights_take(uid, &rights);
	int result = 0;

	if (home == NULL)
		return 0;
	result = read_below(reader, home, strlen(home), "/.local/share/applications");
	if (result == 0)
		result = read_below(reader, home, strlen(home), "/.local/share/flatpak/exports/share/applications");
	rights_give_back(&rights);
	return result;
}

static const struct desktop_list *find_list(const struct desktop_entries *entries, uint32_t uid)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (entries->lists[i].uid == uid)
			return &entries->lists[i];
	}
	return NULL;
}

static struct desktop_list *add_list(struct desktop_entries *entries, uint32_t uid)
{
	struct desktop_list *lists =
		array_reserve(entries->lists, &entries->capacity, entries->count + 1, sizeof(*lists));

	if (lists == NULL)
		return NULL;
	entries->lists = lists;
	lists[entries->count] = (struct desktop_list){.uid = uid};
	return &lists[entries->count++];
}

int desktop_entries_read(struct desktop_entries *entries, uint32_t uid)
{
	CLEANUP(freep) char *buffer = NULL;
	struct desktop_list *list = NULL;
	struct desktop_reader reader = {
		.found = add_entry, .files_left = DESKTOP_FILES_MAX, .entries_left = ENTRIES_MAX};
	int result = 0;

	if (find_list(entries, uid) != NULL)
		return 0;
	list = add_list(entries, uid);
	buffer = list != NULL ? malloc(DESKTOP_FILE_SIZE_MAX + 1) : NULL;
	if (buffer == NULL)
		return -ENOMEM;
	if (!keyfile_is_available())
		return 0;
	reader.userdata = list;
	reader.buffer = buffer;
	result = uid == DESKTOP_SYSTEM ? read_system(&reader) : read_user(&reader, uid);
	settle(list);
	return result;
}

typedef bool (*is_sought)(const struct desktop_entry *entry, const char *sought);

static bool has_id(const struct desktop_entry *entry, const char *id)
{
	return strcmp(entry->id, id) == 0;
}

static bool has_snap(const struct desktop_entry *entry, const char *snap)
{
	return entry->snap != NULL && strcmp(entry->snap, snap) == 0;
}

static bool has_game(const struct desktop_entry *entry, const char *game)
{
	return entry->steam_game != NULL && strcmp(entry->steam_game, game) == 0;
}

/* A masked entry of the user's hides the system's. */
static const struct desktop_entry *find(const struct desktop_entries *entries, uint32_t uid, is_sought is_one,
					const char *sought)
{
	const struct desktop_list *lists[] = {find_list(entries, uid),
					      uid != DESKTOP_SYSTEM ? find_list(entries, DESKTOP_SYSTEM) : NULL};

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; lists[i] != NULL && j < lists[i]->count; j++) {
			const struct desktop_entry *entry = &lists[i]->items[j];

			if (is_one(entry, sought))
				return entry->is_masked ? NULL : entry;
		}
	}
	return NULL;
}

const struct desktop_entry *desktop_entries_find(const struct desktop_entries *entries, uint32_t uid, const char *id)
{
	return find(entries, uid, has_id, id);
}

const struct desktop_entry *desktop_entries_find_snap(const struct desktop_entries *entries, uint32_t uid,
						      const char *snap)
{
	return find(entries, uid, has_snap, snap);
}

const struct desktop_entry *desktop_entries_find_game(const struct desktop_entries *entries, uint32_t uid,
						      const char *game)
{
	return find(entries, uid, has_game, game);
}

void desktop_entries_clear(struct desktop_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		for (size_t j = 0; j < entries->lists[i].count; j++)
			entry_clear(&entries->lists[i].items[j]);
		free(entries->lists[i].items);
	}
	free(entries->lists);
	*entries = (struct desktop_entries){0};
}
