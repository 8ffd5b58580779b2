/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "desktop/directory.h"

#include "util/cleanup.h"
#include "util/unit_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistr.h>

#define ENDING ".desktop"

enum { DEPTH_MAX = 4 };

/* Opens for reading what was opened with O_PATH, which has no effect on devices and pipes. */
static int reopen(int path, int flags)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	return open(name, flags | O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Returns the file's length, or -1 if it can't be read or is too long. */
static ssize_t read_file(struct desktop_reader *reader, int path)
{
	CLEANUP(closep) int fd = reopen(path, 0);
	size_t length = 0;
	ssize_t part = fd < 0 ? -1 : 1;

	while (part > 0 && length <= DESKTOP_FILE_SIZE_MAX) {
		part = read(fd, reader->buffer + length, DESKTOP_FILE_SIZE_MAX + 1 - length);
		length += part > 0 ? (size_t)part : 0;
	}
	return part < 0 || length > DESKTOP_FILE_SIZE_MAX ? -1 : (ssize_t)length;
}

/* No unit could have a longer ID in its name. */
static int visit_file(struct desktop_reader *reader, int path, const char *prefix, const char *name)
{
	char id[UNIT_NAME_SIZE];
	int id_length = snprintf(id, sizeof(id), "%s%.*s", prefix, (int)(strlen(name) - strlen(ENDING)), name);
	ssize_t length = 0;

	if (id_length <= 0 || id_length >= (int)sizeof(id) ||
	    u8_check((const uint8_t *)id, (size_t)id_length) != NULL || reader->files_left == 0)
		return 0;
	reader->files_left--;
	length = read_file(reader, path);
	return length < 0 ? 0 : reader->found(id, reader->buffer, (size_t)length, reader->userdata);
}

static int visit_directory(struct desktop_reader *reader, int path, const char *prefix, int depth);

static bool ends_as_entry(const char *name)
{
	const size_t length = strlen(name);

	return length > strlen(ENDING) && strcmp(name + length - strlen(ENDING), ENDING) == 0;
}

static int visit(struct desktop_reader *reader, int directory, const char *prefix, const char *name, int depth)
{
	CLEANUP(closep) int path = openat(directory, name, O_PATH | O_CLOEXEC);
	char longer[UNIT_NAME_SIZE];
	struct stat status;

	if (path < 0 || fstat(path, &status) < 0)
		return 0;
	if (S_ISREG(status.st_mode))
		return ends_as_entry(name) ? visit_file(reader, path, prefix, name) : 0;
	if (!S_ISDIR(status.st_mode) || depth == DEPTH_MAX ||
	    snprintf(longer, sizeof(longer), "%s%s-", prefix, name) >= (int)sizeof(longer))
		return 0;
	return visit_directory(reader, path, longer, depth + 1);
}

static int visit_directory(struct desktop_reader *reader, int path, const char *prefix, int depth)
{
	int fd = reopen(path, O_DIRECTORY);
	CLEANUP(closedirp) DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry = NULL;
	int result = 0;

	if (directory == NULL) {
		closep(&fd);
		return 0;
	}
	while (result == 0 && reader->entries_left > 0 && (entry = readdir(directory)) != NULL) {
		reader->entries_left--;
		if (*entry->d_name != '.')
			result = visit(reader, dirfd(directory), prefix, entry->d_name, depth);
	}
	return result;
}

int desktop_directory_read(struct desktop_reader *reader, const char *path)
{
	CLEANUP(closep) int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return directory < 0 ? 0 : visit_directory(reader, directory, "", 0);
}
