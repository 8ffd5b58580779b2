/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/index.h"

#include "cgroup/mount.h"
#include "cgroup/watch.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static int compare_ids(const void *left, const void *right)
{
	const struct cgroup *a = *(const struct cgroup *const *)left;
	const struct cgroup *b = *(const struct cgroup *const *)right;

	return (a->id > b->id) - (a->id < b->id);
}

int survey_read(struct survey *survey, const char *configured, struct error *error)
{
	CLEANUP(freep) char *mount = NULL;
	int result = cgroup_mount_find(configured, &mount, error);

	if (result == 0)
		result = cgroup_tree_read(&survey->tree, mount, error);
	if (result < 0)
		return result;
	survey->by_id = calloc(survey->tree.count + 1, sizeof(struct cgroup *));
	if (survey->by_id == NULL)
		return error_set(error, -ENOMEM, "no memory for the list of cgroups");
	for (struct cgroup *cgroup = survey->tree.root; cgroup != NULL; cgroup = cgroup_next(cgroup))
		survey->by_id[survey->count++] = cgroup;
	qsort(survey->by_id, survey->count, sizeof(struct cgroup *), compare_ids);
	return 0;
}

static struct cgroup *const *find(const struct survey *survey, uint64_t id)
{
	const struct cgroup key = {.id = id};
	const struct cgroup *sought = &key;

	return bsearch(&sought, survey->by_id, survey->count, sizeof(struct cgroup *), compare_ids);
}

const struct cgroup *survey_find(const struct survey *survey, uint64_t id)
{
	struct cgroup *const *found = find(survey, id);

	return found != NULL ? *found : NULL;
}

size_t survey_index(const struct survey *survey, const struct cgroup *cgroup)
{
	return (size_t)(find(survey, cgroup->id) - survey->by_id);
}

void survey_clear(struct survey *survey)
{
	if (survey->tree.root != NULL)
		cgroup_tree_clear(&survey->tree);
	free(survey->by_id);
	*survey = (struct survey){0};
}
