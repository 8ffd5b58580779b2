/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status_census.h"

#include "engine/chains.h"
#include "engine/names.h"
#include "socket/listeners.h"
#include "socket/sockets.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct census {
	const struct held_table *table;
	struct cgroup_index index;
	size_t *targets; /* of the cgroups, by position in index.by_id */
};

static void census_clear(struct census *census)
{
	free(census->targets);
	cgroup_index_clear(&census->index);
}

static void free_verdicts(const struct verdict ***verdicts)
{
	free(*verdicts);
}

static size_t target_of(const struct status *status, const struct verdict *verdict)
{
	const char *proxy = verdict->kind == VERDICT_GOTO ? chain_proxy(verdict->chain) : NULL;

	if (verdict->kind == VERDICT_RETURN)
		return TARGET_DIRECT;
	if (verdict->kind == VERDICT_GOTO && strcmp(verdict->chain, CHAIN_REFUSE) == 0)
		return TARGET_REFUSE;
	if (proxy == NULL)
		return TARGET_DROP;
	for (size_t i = TARGET_FIRST_PROXY; i < status->target_count; i++) {
		if (strcmp(status->targets[i].name, proxy) == 0)
			return i;
	}
	return TARGET_DROP; /* such a proxy does not exist */
}

static size_t *target_at(const struct census *census, const struct cgroup *cgroup)
{
	return &census->targets[cgroup_index_position(&census->index, cgroup)];
}

static int decide(struct census *census, struct status *status, struct error *error)
{
	const struct cgroup_index *index = &census->index;
	CLEANUP(free_verdicts) const struct verdict **verdicts = held_table_verdicts(census->table, index);

	census->targets = calloc(index->count, sizeof(*census->targets));
	if (census->targets == NULL || verdicts == NULL)
		return status_no_memory(error);
	*target_at(census, index->tree.root) = TARGET_DIRECT;
	for (const struct cgroup *cgroup = cgroup_next(index->tree.root); cgroup != NULL;
	     cgroup = cgroup_next(cgroup)) {
		const size_t position = cgroup_index_position(index, cgroup);
		const size_t parent = cgroup_index_position(index, cgroup->parent);

		census->targets[position] = verdicts[position] == verdicts[parent]
						    ? census->targets[parent]
						    : target_of(status, verdicts[position]);
		status->targets[census->targets[position]].cgroups++;
		status->cgroup_count += census->targets[position] != census->targets[parent];
	}
	return 0;
}

static int compare_cgroups(const void *left, const void *right)
{
	const struct status_cgroup *a = left;
	const struct status_cgroup *b = right;

	return cgroup_path_compare(a->path, b->path);
}

static int list_cgroups(const struct census *census, struct status *status, struct error *error)
{
	size_t count = 0;

	status->cgroups = calloc(status->cgroup_count + 1, sizeof(*status->cgroups));
	if (status->cgroups == NULL)
		return status_no_memory(error);
	for (const struct cgroup *cgroup = cgroup_next(census->index.tree.root); cgroup != NULL;
	     cgroup = cgroup_next(cgroup)) {
		const size_t target = *target_at(census, cgroup);

		if (target == *target_at(census, cgroup->parent))
			continue;
		status->cgroups[count].target = target;
		status->cgroups[count].path = cgroup_path_copy(cgroup);
		if (status->cgroups[count++].path == NULL)
			return status_no_memory(error);
	}
	qsort(status->cgroups, count, sizeof(*status->cgroups), compare_cgroups);
	return 0;
}

/* A socket may outlive its cgroup, whose element stays for some time. */
static int count_sockets(const struct census *census, struct status *status, struct error *error)
{
	struct socket_cgroups sockets = {0};
	int result = sockets_find_all(&sockets);

	for (size_t i = 0; i < sockets.count && result == 0; i++) {
		const struct cgroup *cgroup = cgroup_index_find(&census->index, sockets.ids[i]);
		const struct verdict *verdict = elements_find(&census->table->elements, sockets.ids[i]);

		if (cgroup != NULL)
			status->targets[*target_at(census, cgroup)].sockets++;
		else if (verdict != NULL)
			status->targets[target_of(status, verdict)].sockets++;
	}
	free(sockets.ids);
	return result < 0 ? error_set(error, result, "can't list the sockets: %s", strerror(-result)) : 0;
}

static int add_listener(struct status_target *target, char *path)
{
	char **listeners = NULL;

	for (size_t i = 0; path != NULL && i < target->listener_count; i++) {
		if (strcmp(target->listeners[i], path) == 0) {
			free(path);
			return 0;
		}
	}
	listeners =
		path != NULL ? reallocarray(target->listeners, target->listener_count + 1, sizeof(*listeners)) : NULL;
	if (listeners == NULL) {
		free(path);
		return -ENOMEM;
	}
	target->listeners = listeners;
	listeners[target->listener_count++] = path;
	return 0;
}

static int find_listeners(const struct cgroup_index *index, struct status_target *target)
{
	struct listeners sockets = {0};
	int result = listeners_find(target->port, &sockets);

	target->is_listened_to = sockets.count > 0;
	for (size_t i = 0; i < sockets.count && result == 0; i++) {
		const struct cgroup *cgroup = cgroup_index_find(index, sockets.items[i].cgroup_id);

		if (cgroup != NULL)
			result = add_listener(target, cgroup_path_copy(cgroup));
	}
	listeners_clear(&sockets);
	return result;
}

static int find_all_listeners(const struct cgroup_index *index, struct status *status, struct error *error)
{
	for (size_t i = TARGET_FIRST_PROXY; i < status->target_count; i++) {
		struct status_target *target = &status->targets[i];
		int result = target->port != 0 ? find_listeners(index, target) : 0;

		if (result < 0)
			return error_set(error, result, "can't find out who listens on port %u: %s", target->port,
					 strerror(-result));
	}
	return 0;
}

int status_take_census(const struct status_sources *sources, struct status *status, struct error *error)
{
	const char *configured = sources->config != NULL ? sources->config->cgroup_root : NULL;
	CLEANUP(census_clear) struct census census = {.table = &sources->table};
	int result = cgroup_index_read(&census.index, configured, error);

	if (result == 0)
		result = decide(&census, status, error);
	if (result == 0)
		result = list_cgroups(&census, status, error);
	if (result == 0)
		result = count_sockets(&census, status, error);
	if (result == 0)
		result = find_all_listeners(&census.index, status, error);
	status->covers_containers = container_list_is_covered(&sources->table.dump);
	if (result == 0 && status->covers_containers)
		result = container_list_read(&sources->table.dump, &census.index, &status->containers, error);
	return result;
}
