/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/file.h"

#include "config/yaml.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/permission.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(int directory, const char *path, char **text, size_t *length)
{
	CLEANUP(closep) int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(freep) char *buffer = NULL;
	struct stat status;
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	buffer = malloc(YAML_SIZE_MAX);
	if (buffer == NULL)
		return -ENOMEM;
	while (got != 0) {
		if (used == YAML_SIZE_MAX)
			return -EFBIG;
		got = read(fd, buffer + used, YAML_SIZE_MAX - used);
		if (got < 0 && errno != EINTR)
			return -errno;
		used += got > 0 ? (size_t)got : 0;
	}
	*text = buffer;
	*length = used;
	buffer = NULL;
	return 0;
}

void file_report_unreadable(struct diagnostics *diagnostics, const char *what, const char *path, int error)
{
	CLEANUP(freep) char *command = error == -EACCES ? permission_find_command(path) : NULL;

	if (command != NULL)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
			 "%s: %s. To let the user that cgtproxy runs as (here uid %ju) read it:\n  %s", what,
			 strerror(-error), (uintmax_t)geteuid(), command);
	else
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "%s: %s", what,
			 error == -EFBIG ? _("it is larger than 4 MiB") : strerror(-error));
}
