/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/beside.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a group may write to it, as with the umask of many distributions, it will do for the owner but not for root. */
static bool is_trusted(const struct stat *status, uid_t owner)
{
	const mode_t others = geteuid() == 0 ? S_IWGRP | S_IWOTH : S_IWOTH;

	return (status->st_uid == owner || status->st_uid == 0) && !(status->st_mode & others);
}

bool beside_find(const char *name, mode_t type, char *path, size_t size)
{
	struct stat own;
	struct stat status;
	const ssize_t length = readlink("/proc/self/exe", path, size);
	char *slash = length > 0 && (size_t)length < size ? memrchr(path, '/', (size_t)length) : NULL;

	if (slash == NULL || slash == path || stat("/proc/self/exe", &own) < 0)
		return false;
	*slash = '\0';
	if (stat(path, &status) < 0 || !is_trusted(&status, own.st_uid))
		return false;
	if ((size_t)(slash - path) + strlen("/") + strlen(name) >= size)
		return false;
	*slash = '/';
	strcpy(slash + 1, name); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it fits */
	return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == type && is_trusted(&status, own.st_uid);
}
