/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/mount.h"

#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MOUNT_TABLE "/proc/self/mounts"
#define MOUNT_INFO "/proc/self/mountinfo"

static void endmntentp(FILE **table)
{
	if (*table != NULL)
		endmntent(*table);
}

static int preference(const char *path)
{
	if (strcmp(path, "/sys/fs/cgroup") == 0)
		return 3;
	if (strcmp(path, "/sys/fs/cgroup/unified") == 0)
		return 2;
	return 1;
}

static const char *name_of(const struct statfs *filesystem)
{
	switch ((unsigned long)filesystem->f_type) {
	case TMPFS_MAGIC:
		return "tmpfs";
	case CGROUP_SUPER_MAGIC:
		return "cgroup v1";
	default:
		return _("another filesystem");
	}
}

/** The mount table also lists mounts hidden by another mount on them or on a parent directory. */
static int check_visible(const char *path, struct error *error)
{
	char shown[ESCAPED_SIZE(PATH_MAX)];
	struct statfs filesystem;

	escape(shown, sizeof(shown), path, strlen(path));
	if (statfs(path, &filesystem) < 0)
		return error_set(error, -errno, "can't access its mount point %s: %s", shown, strerror(errno));
	if (filesystem.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(error, -ENOENT, "%s is mounted over it at %s", name_of(&filesystem), shown);
	return 0;
}

/* A line of /proc/self/mountinfo: mount id, parent id, device, and root within the filesystem. */
static const char *root_in_line(char *line, uint64_t id)
{
	char *rest = NULL;
	const char *field = strtok_r(line, " ", &rest);

	if (field == NULL || strtoull(field, NULL, 10) != id)
		return NULL;
	for (int i = 0; i < 3; i++)
		field = strtok_r(NULL, " ", &rest);
	return field;
}

/* Returns the path of a mount's root within its filesystem, which the caller frees; NULL if it can't be determined. */
static char *find_root(const char *path)
{
	CLEANUP(fclosep) FILE *table = fopen(MOUNT_INFO, "re");
	CLEANUP(freep) char *line = NULL;
	struct statx status;
	size_t size = 0;

	if (table == NULL || statx(AT_FDCWD, path, 0, STATX_MNT_ID, &status) < 0 || !(status.stx_mask & STATX_MNT_ID))
		return NULL;
	while (getline(&line, &size, table) >= 0) {
		const char *root = root_in_line(line, status.stx_mnt_id);

		if (root != NULL)
			return strdup(root);
	}
	return NULL;
}

/*
 * The kernel shows a cgroup mount's root relative to our cgroup namespace (cgroup_show_path()): "/" is right, a path
 * that begins with "/.." is above the namespace, any other is below it.
 */
static int check_root(const char *path, struct error *error)
{
	char shown[ESCAPED_SIZE(PATH_MAX)];
	char shown_root[ESCAPED_SIZE(PATH_MAX)];
	CLEANUP(freep) char *root = find_root(path);

	if (root == NULL || strcmp(root, "/") == 0)
		return 0;
	escape(shown, sizeof(shown), path, strlen(path));
	escape(shown_root, sizeof(shown_root), root, strnlen(root, PATH_MAX));
	if (strncmp(root, "/..", 3) == 0 && (root[3] == '/' || root[3] == '\0'))
		return error_set(
			error, -EINVAL,
			"%s shows more than the cgroup namespace that cgtproxy runs in (whose root is at %s from "
			"there), and the kernel matches only cgroups inside the namespace. Run cgtproxy in the host's "
			"cgroup namespace (containers: --cgroupns=host), or mount this namespace's cgroups (mount -t "
			"cgroup2 none DIRECTORY) and set cgroup-root to that mount",
			shown, shown_root);
	return error_set(
		error, -EINVAL,
		"%s shows only a part of the cgroup tree (%s and below), and the kernel counts levels from its root. "
		"Mount the whole tree (mount -t cgroup2 none DIRECTORY) and set cgroup-root to that mount",
		shown, shown_root);
}

/* Only the root of the hierarchy has no cgroup.events: it can't become empty. */
bool cgroup_mount_is_whole(const char *path)
{
	CLEANUP(closep) int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return directory >= 0 && faccessat(directory, "cgroup.events", F_OK, 0) < 0 && errno == ENOENT;
}

static int no_mount(const struct error *hidden, struct error *error)
{
	if (hidden->text[0] != '\0')
		return error_set(error, -ENOENT,
				 "no cgroup2 mount is visible: %s. cgtproxy matches programs by their cgroup and needs "
				 "one: unmount what is over it, or mount cgroup2 elsewhere and set cgroup-root to that "
				 "mount",
				 hidden->text);
	return error_set(error, -ENOENT,
			 "no cgroup2 mount in %s. cgtproxy matches programs by their cgroup and "
			 "needs one: mount -t cgroup2 none /sys/fs/cgroup/unified, or boot with "
			 "systemd.unified_cgroup_hierarchy=1",
			 MOUNT_TABLE);
}

static int search_mount_table(char **path, struct error *error)
{
	CLEANUP(endmntentp) FILE *table = setmntent(MOUNT_TABLE, "re");
	const struct mntent *entry = NULL;
	struct error hidden = {0};
	struct error other = {0};
	int best = 0;

	if (table == NULL)
		return error_set(error, -errno, "can't read the mount table %s: %s", MOUNT_TABLE, strerror(errno));
	while ((entry = getmntent(table)) != NULL) { /* NOLINT(concurrency-mt-unsafe): there is one thread */
		if (strcmp(entry->mnt_type, "cgroup2") != 0 || preference(entry->mnt_dir) <= best)
			continue;
		if (check_visible(entry->mnt_dir, &hidden) < 0 || check_root(entry->mnt_dir, &other) < 0)
			continue;
		best = preference(entry->mnt_dir);
		free(*path);
		*path = strdup(entry->mnt_dir);
		if (*path == NULL)
			return error_set(error, -ENOMEM, "no memory for the path of the cgroup2 mount");
	}
	if (best == 0 && other.text[0] != '\0')
		return error_set(error, -EINVAL, "%s", other.text);
	return best > 0 ? 0 : no_mount(&hidden, error);
}

static int check_configured(const char *configured, char **path, struct error *error)
{
	char shown[ESCAPED_SIZE(PATH_MAX)];
	struct statfs filesystem;
	struct statx status;
	size_t length = strlen(configured);

	escape(shown, sizeof(shown), configured, length);
	if (statfs(configured, &filesystem) < 0)
		return error_set(error, -errno, "cgroup-root: can't access %s: %s", shown, strerror(errno));
	if (filesystem.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(error, -EINVAL,
				 "cgroup-root: %s is not a cgroup2 filesystem, but %s. Use AUTO to find the mount",
				 shown, name_of(&filesystem));
	/* levels are counted from the mount point, so a directory below it would yield wrong ones */
	if (statx(AT_FDCWD, configured, 0, STATX_TYPE, &status) == 0 &&
	    (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) && !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return error_set(error, -EINVAL,
				 "cgroup-root: %s is inside the cgroup2 mount, not the mount itself. Use AUTO to find "
				 "the mount",
				 shown);
	if (check_root(configured, error) < 0)
		return -EINVAL;
	while (length > 1 && configured[length - 1] == '/')
		length--;
	*path = strndup(configured, length);
	return *path != NULL ? 0 : error_set(error, -ENOMEM, "no memory for the path of the cgroup2 mount");
}

int cgroup_mount_find(const char *configured, char **path, struct error *error)
{
	int result = 0;

	*path = NULL;
	result = configured != NULL ? check_configured(configured, path, error) : search_mount_table(path, error);
	if (result < 0) {
		free(*path);
		*path = NULL;
	}
	return result;
}
