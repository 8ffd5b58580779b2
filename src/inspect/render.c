/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/render.h"

#include "nft/text.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The mount's name for nft, which assumes the mount /sys/fs/cgroup: relative to that. NULL if it is not below. */
static const char *root_for_nft(const char *mount)
{
	static const char assumed[] = "/sys/fs/cgroup";
	size_t length = strlen(assumed);

	if (strncmp(mount, assumed, length) != 0)
		return NULL;
	if (mount[length] == '\0')
		return ".";
	return mount[length] == '/' ? mount + length + 1 : NULL;
}

static int add_name(struct cgroup_names *names, struct cgroup_name *items, const struct cgroup *cgroup)
{
	items[names->count].id = cgroup->id;
	items[names->count].path = cgroup_path_copy(cgroup);
	return items[names->count++].path != NULL ? 0 : -ENOMEM;
}

static int print(struct instance *instance, const struct cgroup_tree *tree, const struct cgroup_names *names, FILE *out)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = NULL;
	struct step step;

	if (plan_full(&instance->plan, tree->root, &step) < 0)
		return -ENOMEM;
	ruleset = instance_ruleset(instance, &step);
	if (ruleset == NULL)
		return -ENOMEM;
	ruleset_print(out, ruleset, names);
	return 0;
}

int render(struct instance *instance, const struct cgroup_tree *tree, const char *mount, FILE *out)
{
	struct cgroup_name *items = calloc(tree->count + 1, sizeof(*items));
	struct cgroup_names names = {.items = items, .root = root_for_nft(mount)};
	int result = items != NULL ? 0 : -ENOMEM;

	for (const struct cgroup *cgroup = tree->root; cgroup != NULL && result == 0; cgroup = cgroup_next(cgroup)) {
		if (plan_has_element(&instance->plan, cgroup))
			result = add_name(&names, items, cgroup);
	}
	if (result == 0)
		result = print(instance, tree, &names, out);
	for (size_t i = 0; i < names.count; i++)
		free(items[i].path);
	free(items);
	return result;
}
