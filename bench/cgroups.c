/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroups.h"

#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void nest_open(struct nest *nest, const char *directory, const char *prefix)
{
	nest->prefix = prefix;
	nest->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (nest->fd < 0)
		give_up("can't open %s", directory);
}

void nest_name(struct nest *nest, uint64_t number)
{
	snprintf(nest->name, sizeof(nest->name), "%s-%" PRIu64, nest->prefix, number);
}

void nest_make(const struct nest *nest)
{
	if (mkdirat(nest->fd, nest->name, 0755) < 0)
		give_up("can't make the cgroup %s", nest->name);
}

uint64_t nest_id(const struct nest *nest)
{
	struct stat status;

	if (fstatat(nest->fd, nest->name, &status, 0) < 0)
		give_up("can't look at the cgroup %s", nest->name);
	return status.st_ino;
}

void nest_remove(const struct nest *nest)
{
	/* the cgroup of a reaped process stays busy for a moment */
	while (unlinkat(nest->fd, nest->name, AT_REMOVEDIR) < 0) {
		if (errno != EBUSY)
			give_up("can't remove the cgroup %s", nest->name);
		rest(10);
	}
}
