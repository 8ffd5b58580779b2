/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/permission.h"

#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_plain(const char *path)
{
	const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+,:@%-";

	return *path != '-' && *path != '\0' && path[strspn(path, plain)] == '\0';
}

static bool is_denied(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 && errno == EACCES;
}

/* Which part of a mode is for this process; the others don't count then. inode(7) */
static char find_class(const struct stat *status)
{
	if (status->st_uid == geteuid())
		return 'u';
	return group_member(status->st_gid) ? 'g' : 'o';
}

/* Nobody can search a directory without any permissions: systemd puts one in place of what it hides (ProtectHome=). */
static char *write_command(const char *path, const char *rights)
{
	struct stat status;
	char *command = NULL;

	if (stat(path, &status) < 0 || (S_ISDIR(status.st_mode) && (status.st_mode & ACCESSPERMS) == 0))
		return NULL;
	return asprintf(&command, "chmod %c+%s %s", find_class(&status), rights, path) >= 0 ? command : NULL;
}

char *permission_find_command(const char *path)
{
	CLEANUP(freep) char *directory = strdup(path);
	char *slash = directory;
	struct stat status;

	if (directory == NULL || !is_plain(path))
		return NULL;
	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (is_denied(directory, X_OK))
			return write_command(directory, "x");
		*slash = '/';
	}
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return is_denied(path, R_OK | X_OK) ? write_command(path, "rx") : NULL;
	return is_denied(path, R_OK) ? write_command(path, "r") : NULL;
}
