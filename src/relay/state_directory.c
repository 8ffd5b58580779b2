/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/state_directory.h"

#include "util/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The directory itself is locked: its files are replaced, and a lock of theirs would go with them. */
int state_directory_lock(const char *path, struct error *error)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char shown[ESCAPED_SIZE(PATH_MAX)];
	int code = 0;

	escape(shown, sizeof(shown), path, strlen(path));
	if (fd < 0)
		return error_set(error, -errno, "can't open the state directory %s: %s", shown, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	code = errno;
	close(fd);
	if (code == EWOULDBLOCK)
		return error_set(error, -code, "another relay has the state directory %s: each needs one of its own",
				 shown);
	return error_set(error, -code, "can't lock the state directory %s: %s", shown, strerror(code));
}

char *state_directory_file(const char *path, const char *name)
{
	char *file = NULL;

	return asprintf(&file, "%s/%s", path, name) < 0 ? NULL : file;
}
