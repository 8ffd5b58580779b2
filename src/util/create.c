/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/create.h"

#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno != EINTR)
			return -errno;
		text += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
	return 0;
}

static int write_file(int fd, const char *text, size_t length, mode_t mode)
{
	int result = write_all(fd, text, length);

	if (result == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		result = -errno;
	return result;
}

/* Not all file systems can rename without replacing; those that can't have hard links, or else it fails. */
static int give_name(const char *temporary, const char *path)
{
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (link(temporary, path) < 0)
		return -errno;
	unlink(temporary);
	return 0;
}

/* Makes the name last through a crash of the machine; the file is there in any case. */
static void sync_directory(const char *path, int length)
{
	CLEANUP(freep) char *directory = NULL;
	CLEANUP(closep) int fd = -1;

	if (asprintf(&directory, "%.*s.", length, path) < 0) {
		directory = NULL;
		return;
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		fsync(fd);
}

static size_t directory_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

/* Writes a file that has no name of its own yet. Returns its temporary name, or NULL with @result. */
static char *write_temporary(const char *path, const char *text, size_t length, mode_t mode, int *result)
{
	const size_t directory = directory_length(path);
	CLEANUP(freep) char *temporary = NULL;
	CLEANUP(closep) int fd = -1;
	char *written = NULL;

	*result = -ENOMEM;
	if (asprintf(&temporary, "%.*s.%s.XXXXXX", (int)directory, path, path + directory) < 0) {
		temporary = NULL;
		return NULL;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	*result = fd < 0 ? -errno : write_file(fd, text, length, mode);
	if (*result == 0) {
		written = temporary;
		temporary = NULL;
	} else if (fd >= 0) {
		unlink(temporary);
	}
	return written;
}

static int conclude(const char *path, const char *temporary, int result)
{
	if (result < 0)
		unlink(temporary);
	else
		sync_directory(path, (int)directory_length(path));
	return result;
}

int file_create(const char *path, const char *text, size_t length, mode_t mode, bool (*accept)(const char *temporary))
{
	int result = 0;
	CLEANUP(freep) char *temporary = write_temporary(path, text, length, mode, &result);

	if (temporary == NULL)
		return result;
	return conclude(path, temporary, accept(temporary) ? give_name(temporary, path) : -ECANCELED);
}

int file_replace(const char *path, const char *text, size_t length, mode_t mode)
{
	CLEANUP(freep) char *target = realpath(path, NULL);
	const char *place = target != NULL ? target : path;
	int result = 0;
	CLEANUP(freep) char *temporary = write_temporary(place, text, length, mode, &result);

	if (temporary == NULL)
		return result;
	return conclude(place, temporary, rename(temporary, place) < 0 ? -errno : 0);
}
