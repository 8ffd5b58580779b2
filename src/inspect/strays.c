/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/strays.h"

#include "engine/compile.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_below(const char *path, const char *root)
{
	const size_t length = strlen(root);

	return strcmp(root, "/") == 0 ||
	       (strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0'));
}

static bool is_at_home(const char *path, const struct subject *home)
{
	for (size_t i = 0; i < home->path_count; i++) {
		if (home->is_named ? is_below(path, home->paths[i]) : strcmp(path, home->paths[i]) == 0)
			return true;
	}
	return false;
}

/* A removed cgroup keeps its element as long as it has sockets, if its target was not its parent's. */
static void find_removed(const struct kernel *kernel, struct stray *stray)
{
	const struct verdict *verdict =
		kernel->view == KERNEL_STEERS ? elements_find(&kernel->table.elements, stray->socket.cgroup_id) : NULL;

	if (verdict != NULL)
		compile_target_name(verdict, stray->target);
}

static int find_target(struct explainer *explainer, struct stray *stray)
{
	CLEANUP(explanation_clear) struct explanation explanation = {0};
	int result = 0;

	if (stray->path == NULL) {
		find_removed(&explainer->kernel, stray);
		return 0;
	}
	result = explain_cgroup(explainer, stray->path, &explanation);
	if (result == 0 && (!explainer->is_broken || explanation.view == KERNEL_STEERS))
		snprintf(stray->target, sizeof(stray->target), "%s", explanation_target(&explanation));
	return result;
}

static int add_stray(struct strays *strays, const struct open_socket *socket, char *path)
{
	struct stray *items = array_reserve(strays->items, &strays->capacity, strays->count + 1, sizeof(*items));

	if (items == NULL) {
		free(path);
		return -ENOMEM;
	}
	strays->items = items;
	items[strays->count++] = (struct stray){.socket = *socket, .path = path};
	return 0;
}

static int consider(const struct cgroup_index *index, const struct open_socket *socket, const struct subject *home,
		    struct strays *strays)
{
	const struct cgroup *cgroup = cgroup_index_find(index, socket->cgroup_id);
	char *path = cgroup != NULL ? cgroup_path_copy(cgroup) : NULL;

	if (cgroup != NULL && path == NULL)
		return -ENOMEM;
	/* without an id, the kernel keeps no cgroups of sockets */
	if (socket->cgroup_id != 0 && (path == NULL || !is_at_home(path, home)))
		return add_stray(strays, socket, path);
	free(path);
	return 0;
}

int strays_find(const struct members *members, const struct cgroup_index *index, struct explainer *explainer,
		const struct subject *home, struct strays *strays, struct error *error)
{
	CLEANUP(open_sockets_clear) struct open_sockets sockets = {0};
	struct inodes inodes = {0};
	int result = members_list_sockets(members, &inodes, &strays->unknown);

	if (result == 0 && inodes.count > 0)
		result = open_sockets_find(&inodes, &sockets);
	free(inodes.items);
	if (result < 0)
		return error_set(error, result, "can't list the sockets of the processes: %s", strerror(-result));
	for (size_t i = 0; i < sockets.count && result == 0; i++)
		result = consider(index, &sockets.items[i], home, strays);
	for (size_t i = 0; i < strays->count && result == 0; i++)
		result = find_target(explainer, &strays->items[i]);
	return result < 0 ? error_set(error, result, "no memory for the sockets of the processes") : 0;
}

void strays_clear(struct strays *strays)
{
	for (size_t i = 0; i < strays->count; i++)
		free(strays->items[i].path);
	free(strays->items);
	*strays = (struct strays){0};
}
