/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/example.h"

#include "inspect/applications.h"
#include "inspect/names.h"
#include "inspect/similar.h"
#include "socket/sockets.h"
#include "util/cleanup.h"
#include "util/quote.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What is running, by name. */
struct running_applications {
	struct desktop_entries entries;
	struct applications applications;
	bool *have_sockets; /* cgroups, by position */
};

static void clear(struct running_applications *running)
{
	free(running->have_sockets);
	applications_clear(&running->applications);
	desktop_entries_clear(&running->entries);
}

static int read_running(struct running_applications *running)
{
	const struct cgroup_index *index = &running->applications.index;
	struct socket_cgroups sockets = {0};
	struct error error;
	int result = applications_read(NULL, &running->entries, &running->applications, &error);

	if (result == 0)
		result = sockets_find_all(&sockets);
	if (result == 0)
		running->have_sockets = calloc(index->count, sizeof(*running->have_sockets));
	for (size_t i = 0; running->have_sockets != NULL && i < sockets.count; i++) {
		const struct cgroup *cgroup = cgroup_index_find(index, sockets.ids[i]);

		if (cgroup != NULL)
			running->have_sockets[cgroup_index_position(index, cgroup)] = true;
	}
	free(sockets.ids);
	return running->have_sockets != NULL ? result : -1;
}

/* Whether it has sockets, and does not include that cgroup. */
static bool is_fit(const struct running_applications *running, const struct application *application, const char *but)
{
	const struct desktop_entry *entry =
		application->kind == APPLICATION_APP
			? desktop_entries_find(&running->entries, application->uid, application->id)
			: NULL;
	bool has_sockets = false;

	if (entry == NULL || entry->is_hidden)
		return false;
	for (size_t i = 0; i < application->cgroup_count; i++) {
		const size_t position = application->cgroups[i];
		CLEANUP(freep) char *path = cgroup_path_copy(running->applications.index.by_id[position]);

		if (path == NULL || strcmp(path, but) == 0)
			return false;
		has_sockets = has_sockets || running->have_sockets[position];
	}
	return has_sockets;
}

static bool means(const struct running_applications *running, const char *word, const struct application *application)
{
	struct matches matches = {0};
	const bool is_it = names_find(&running->applications, &running->entries, word, &matches) == 0 &&
			   matches.count == 1 && matches.items[0].kind == APPLICATION_APP &&
			   strcmp(matches.items[0].id, application->id) == 0;

	matches_clear(&matches);
	return is_it;
}

/* As one would type it: "telegram", if that is clear and takes no quotes; else the ID. */
static char *word_for(const struct running_applications *running, const struct application *application)
{
	CLEANUP(freep) char *name = similar_fold(application->name);
	CLEANUP(freep) char *quoted = name != NULL ? quote_for_shell(name) : NULL;
	char *word = NULL;

	if (quoted != NULL && strcmp(quoted, name) == 0 && means(running, name, application))
		return strdup(name);
	return asprintf(&word, "app:%s", application->id) >= 0 ? word : NULL;
}

char *example_application(const char *but)
{
	CLEANUP(clear) struct running_applications running = {0};

	if (read_running(&running) < 0)
		return NULL;
	for (size_t i = 0; i < running.applications.count; i++) {
		const struct application *application = &running.applications.items[i];

		if (is_fit(&running, application, but)) {
			CLEANUP(freep) char *word = word_for(&running, application);

			return word != NULL ? quote_for_shell(word) : NULL;
		}
	}
	return NULL;
}
