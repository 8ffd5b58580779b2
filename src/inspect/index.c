/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/index.h"

#include "cgroup/mount.h"
#include "cgroup/watch.h"

#include <errno.h>
#include <stdlib.h>

static int compare_ids(const void *left, const void *right)
{
	const struct cgroup *a = *(const struct cgroup *const *)left;
	const struct cgroup *b = *(const struct cgroup *const *)right;

	return (a->id > b->id) - (a->id < b->id);
}

int cgroup_index_read(struct cgroup_index *index, const char *configured, struct error *error)
{
	int result = cgroup_mount_find(configured, &index->mount, error);

	if (result == 0)
		result = cgroup_tree_read(&index->tree, index->mount, error);
	if (result < 0)
		return result;
	index->by_id = calloc(index->tree.count + 1, sizeof(struct cgroup *));
	if (index->by_id == NULL)
		return error_set(error, -ENOMEM, "no memory for the list of cgroups");
	for (struct cgroup *cgroup = index->tree.root; cgroup != NULL; cgroup = cgroup_next(cgroup))
		index->by_id[index->count++] = cgroup;
	qsort(index->by_id, index->count, sizeof(struct cgroup *), compare_ids);
	return 0;
}

static struct cgroup *const *find(const struct cgroup_index *index, uint64_t id)
{
	const struct cgroup key = {.id = id};
	const struct cgroup *sought = &key;

	return bsearch(&sought, index->by_id, index->count, sizeof(struct cgroup *), compare_ids);
}

const struct cgroup *cgroup_index_find(const struct cgroup_index *index, uint64_t id)
{
	struct cgroup *const *found = find(index, id);

	return found != NULL ? *found : NULL;
}

size_t cgroup_index_position(const struct cgroup_index *index, const struct cgroup *cgroup)
{
	return (size_t)(find(index, cgroup->id) - index->by_id);
}

void cgroup_index_clear(struct cgroup_index *index)
{
	if (index->tree.root != NULL)
		cgroup_tree_clear(&index->tree);
	free(index->by_id);
	free(index->mount);
	*index = (struct cgroup_index){0};
}
