/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int cgroup_open_directory(int at, const char *path)
{
	int fd = openat(at, path, OPEN_FLAGS);

	if (fd < 0 && errno == EACCES)
		fd = openat(at, path, OPEN_FLAGS | O_PATH);
	return fd < 0 ? -errno : fd;
}

int cgroup_open_below(int directory, char *path)
{
	int at = directory;
	char *rest = path + strspn(path, "/");

	while (strlen(rest) >= PATH_MAX) {
		char *cut = memrchr(rest, '/', PATH_MAX - 1);
		int next = -1;

		*cut = '\0';
		next = cgroup_open_directory(at, rest);
		*cut = '/';
		if (at != directory)
			close(at);
		if (next < 0)
			return next;
		at = next;
		rest = cut + 1;
	}
	if (*rest != '\0' || at == directory) {
		int last = cgroup_open_directory(at, *rest != '\0' ? rest : ".");

		if (at != directory)
			close(at);
		return last;
	}
	return at;
}
