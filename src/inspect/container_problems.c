/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/container_problems.h"

#include "cgroup/mount.h"
#include "engine/container_plan.h"
#include "inspect/container_list.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns a cgroup's path, or the name of the container that this tells, escaped; NULL if out of memory. */
static char *name_of(const struct cgroup *cgroup)
{
	CLEANUP(freep) char *path = cgroup_path_copy(cgroup);
	char name[CONTAINER_NAME_SIZE];
	const char *text = NULL;
	char *shown = NULL;

	if (path == NULL)
		return NULL;
	text = container_write_name(path, name, sizeof(name)) ? name : path;
	shown = malloc(ESCAPED_SIZE(strlen(text)));
	if (shown != NULL)
		escape_but_backslash(shown, ESCAPED_SIZE(strlen(text)), text, strlen(text));
	return shown;
}

static int report(const struct container_mixture *mixture, const struct config *config, struct problems *problems)
{
	CLEANUP(freep) char *strict = name_of(mixture->strict);
	CLEANUP(freep) char *other = name_of(mixture->other);
	const char *target = container_target_word(config, mixture->target);

	if (strict == NULL || other == NULL)
		return -ENOMEM;
	return problems_add(problems, PROBLEM_CONTAINER_TARGETS, strict, NULL,
			    "%s and %s share a network of their own, but the rules have different targets for them: "
			    "%s and %s. The stricter one, %s, counts for all that is sent from there",
			    strict, other, target, container_target_word(config, mixture->other_target), target);
}

static int judge_all(const struct containers *containers, const struct config *config, const struct plan *plan,
		     struct problems *problems)
{
	int result = 0;

	for (const struct container *container = NULL;
	     result == 0 && (container = containers_next(containers, container)) != NULL;) {
		struct container_mixture mixture;

		if (container_is_mixed(container, plan, &mixture))
			result = report(&mixture, config, problems);
	}
	return result;
}

int containers_judge(const struct config *config, const struct comparison *comparison, struct problems *problems)
{
	CLEANUP(freep) char *mount = NULL;
	struct containers *containers = NULL;
	struct error error;
	int directory = -1;
	int result = 0;

	if (!config->containers)
		return 0;
	result = cgroup_mount_find(config->cgroup_root, &mount, &error);
	if (result < 0)
		return result;
	directory = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	containers = containers_new(directory, comparison->tree.root, &error);
	if (containers != NULL) {
		container_list_settle(containers);
		result = judge_all(containers, config, comparison->plan, problems);
	} else {
		result = -EIO;
	}
	containers_free(containers);
	close(directory);
	return result;
}
