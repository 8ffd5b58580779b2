/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/lookup.h"

#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	KERNFS_ID_SIZE = 8,
	OPEN_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	SHOWN_BYTES = 256,
};

/* Appended to the path of a removed cgroup that still has zombie processes (cgroup_show_path()). */
#define REMOVED " (deleted)"

/*
 * The 64-bit kernfs id, which the kernel matches elements against. On 32-bit kernels st_ino is only its lower half
 * (fs/kernfs/mount.c, kernfs_encode_fh).
 */
int cgroup_read_id(int fd, uint64_t *id)
{
	struct {
		struct file_handle head;
		unsigned char bytes[KERNFS_ID_SIZE];
	} handle = {.head.handle_bytes = KERNFS_ID_SIZE};
	int mount = 0;

	if (name_to_handle_at(fd, "", &handle.head, &mount, AT_EMPTY_PATH) < 0)
		return -errno;
	if (handle.head.handle_bytes != KERNFS_ID_SIZE)
		return -EINVAL;
	memcpy(id, handle.head.f_handle, sizeof(*id));
	return 0;
}

static int refuse(const char *given, const char *reason, struct error *error)
{
	char shown[ESCAPED_SIZE(SHOWN_BYTES)];
	size_t length = strlen(given);

	escape_but_backslash(shown, sizeof(shown), given, length < SHOWN_BYTES ? length : SHOWN_BYTES);
	return error_set(error, -EINVAL, "\"%s%s\" is not a cgroup path: %s", shown, length > SHOWN_BYTES ? "..." : "",
			 reason);
}

static const char *without_mount(const char *given, const char *mount)
{
	size_t length = mount != NULL ? strlen(mount) : 0;

	if (length > 0 && strncmp(given, mount, length) == 0 && (given[length] == '/' || given[length] == '\0'))
		return given + length;
	return given;
}

int cgroup_path_parse(const char *given, const char *mount, char *path, struct error *error)
{
	const char *at = without_mount(given, mount);
	size_t used = 0;

	if (*given != '/')
		return refuse(given, _("it must start with \"/\", as in /proc/PID/cgroup"), error);
	for (uint32_t level = 0; level < CGROUP_DEPTH_MAX; level++) {
		size_t length = 0;

		at += strspn(at, "/");
		length = strcspn(at, "/");
		if (length == 0)
			break;
		if (length > NAME_MAX)
			return refuse(given, _("a component is longer than 255 bytes"), error);
		if (*at == '.' && (length == 1 || (length == 2 && at[1] == '.')))
			return refuse(given, _("it contains \".\" or \"..\""), error);
		path[used++] = '/';
		memcpy(path + used, at, length);
		used += length;
		at += length;
	}
	if (used == 0)
		path[used++] = '/';
	path[used] = '\0';
	return 0;
}

uint32_t cgroup_path_level(const char *path)
{
	uint32_t level = 0;

	if (path[1] == '\0')
		return 0;
	for (; *path != '\0'; path++)
		level += *path == '/';
	return level;
}

/* Opens the next directory of a path and reads its id. Returns false when it doesn't exist. */
static bool descend(int *directory, const char **rest, uint64_t *id)
{
	char name[NAME_MAX + 1] = "";
	const char *begin = *rest + strspn(*rest, "/");
	size_t length = strcspn(begin, "/");
	int next = -1;

	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(name, begin, length);
	next = openat(*directory, name, OPEN_FLAGS);
	closep(directory);
	*directory = next;
	*rest = begin + length;
	return next >= 0 && cgroup_read_id(next, id) == 0;
}

int cgroup_find_ids(const char *mount, const char *path, uint64_t *ids, struct error *error)
{
	CLEANUP(closep) int directory = open(mount, OPEN_FLAGS);
	int result = directory >= 0 ? cgroup_read_id(directory, &ids[0]) : -errno;
	int count = 1;

	if (result < 0)
		return error_set(error, result, "can't access the root cgroup: %s", strerror(-result));
	while (count <= CGROUP_DEPTH_MAX && descend(&directory, &path, &ids[count]))
		count++;
	return count;
}

static bool exists(const char *mount, const char *path)
{
	uint64_t ids[CGROUP_DEPTH_MAX + 1];
	struct error error;

	return cgroup_find_ids(mount, path, ids, &error) == (int)cgroup_path_level(path) + 1;
}

/* If a cgroup with that suffix in its name exists, the suffix was chosen by a user. */
static void drop_removed(char *path, const char *mount)
{
	size_t length = strlen(path);
	size_t ending = strlen(REMOVED);

	if (length > ending + 1 && strcmp(path + length - ending, REMOVED) == 0 &&
	    (mount == NULL || !exists(mount, path)))
		path[length - ending] = '\0';
}

int cgroup_path_of_process(uint32_t pid, const char *mount, char *path, struct error *error)
{
	static const char unified[] = "0::"; /* cgroups(7) */
	CLEANUP(fclosep) FILE *file = NULL;
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;
	char name[64];

	snprintf(name, sizeof(name), "/proc/%" PRIu32 "/cgroup", pid);
	file = fopen(name, "re");
	if (file == NULL && errno == ENOENT)
		return error_set(error, -ESRCH, "there is no process %" PRIu32, pid);
	if (file == NULL)
		return error_set(error, -errno, "can't read %s: %s", name, strerror(errno));
	errno = 0;
	while (getline(&line, &size, file) >= 0) {
		if (strncmp(line, unified, strlen(unified)) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (cgroup_path_parse(line + strlen(unified), NULL, path, error) < 0)
			return -EINVAL;
		drop_removed(path, mount);
		return 0;
	}
	/* the process has exited, or its path is longer than a page */
	return error_set(error, errno != 0 ? -errno : -ENOENT,
			 "can't read the cgroup of process %" PRIu32 " from %s: %s", pid, name,
			 errno != 0 ? strerror(errno) : _("it is not in a cgroup v2 hierarchy"));
}
