/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Executes the program of "cgtproxy top", which is one of its own so that the daemon does not load ncurses. */

#include "cmd/cmd.h"
#include "util/beside.h"
#include "util/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "cgtproxy-top"
#define INSTALLED CGTPROXY_LIBEXEC_DIRECTORY "/" PROGRAM

int cmd_top(const struct arguments *arguments)
{
	char beside[PATH_MAX];
	const char *path = beside_find(PROGRAM, S_IFREG, beside, sizeof(beside)) ? beside : INSTALLED;

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
