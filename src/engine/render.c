/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/render.h"

#include "nft/table.h"
#include "nft/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How nft names the mount: below /sys/fs/cgroup, which it takes for granted. NULL when it can't. */
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

static int add_path(struct path_elements *list, struct path_element *elements, struct plan *plan,
		    const struct cgroup *cgroup)
{
	char *path = NULL;

	cgroup_path(cgroup, plan->path);
	path = strdup(plan->path);
	if (path == NULL)
		return -ENOMEM;
	elements[list->count++] = (struct path_element){path, plan_verdict(plan, cgroup)};
	return 0;
}

int render(struct generation *generation, const struct cgroup_tree *tree, const char *mount, FILE *out)
{
	struct plan *plan = &generation->plan;
	struct path_element *elements = calloc(tree->count + 1, sizeof(*elements));
	struct path_elements list = {.elements = elements, .root = root_for_nft(mount)};
	struct step step;
	int result = elements != NULL ? plan_everything(plan, tree->root, &step) : -ENOMEM;

	for (const struct cgroup *cgroup = tree->root; cgroup != NULL && result == 0; cgroup = cgroup_next(cgroup)) {
		if (plan_has_element(plan, cgroup))
			result = add_path(&list, elements, plan, cgroup);
	}
	if (result == 0) {
		struct ruleset ruleset = *generation->ruleset;

		ruleset.room = table_room(step.element_count);
		ruleset_print(out, &ruleset, &step.levels, &list);
	}
	for (size_t i = 0; i < list.count; i++)
		free(elements[i].path);
	free(elements);
	return result;
}
