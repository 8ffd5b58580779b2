/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Executes the program of "cgtproxy top", which is one of its own so that the daemon does not load ncurses. */

#include "cmd/cmd.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "cgtproxy-top"
#define INSTALLED CGTPROXY_LIBEXEC_DIRECTORY "/" PROGRAM

/*
 * Whether nobody can have put something here who could not have replaced the running program as well. Where a group may
 * write to it, as with the umask of many distributions, it will do for the owner but not for root.
 */
static bool is_trusted(const struct stat *status, uid_t owner)
{
	const mode_t others = geteuid() == 0 ? S_IWGRP | S_IWOTH : S_IWOTH;

	return (status->st_uid == owner || status->st_uid == 0) && !(status->st_mode & others);
}

/*
 * The program beside this one, as in a build directory: found by where this program is, never by the working directory
 * or $PATH.
 */
static bool find_beside(char *path, size_t size)
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
	if ((size_t)(slash - path) + sizeof("/" PROGRAM) > size)
		return false;
	strcpy(slash, "/" PROGRAM); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it fits */
	return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && is_trusted(&status, own.st_uid);
}

int cmd_top(const struct arguments *arguments)
{
	char beside[PATH_MAX];
	const char *path = find_beside(beside, sizeof(beside)) ? beside : INSTALLED;

	if (arguments->count > 0) {
		log_error("top takes no arguments. Usage: cgtproxy [-c FILE] top");
		return EXIT_USAGE;
	}
	/* without a config, the list ends before it */
	execl(path, "cgtproxy top", arguments->config != NULL ? "-c" : NULL, arguments->config, (char *)NULL);
	if (errno == ENOENT)
		log_error("%s is not there. Debian's package cgtproxy has it; a build makes it where the development "
			  "files of ncurses are installed (libncurses-dev). \"cgtproxy apps\" prints a list",
			  INSTALLED);
	else
		log_error("can't execute %s: %s", path, strerror(errno));
	return EXIT_ERROR;
}
