/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Executes cgtproxy-relay, which is a program of its own so that whatever happens to it leaves the daemon alone. */

#include "cmd/cmd.h"
#include "util/beside.h"
#include "util/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "cgtproxy-relay"

int cmd_relay(const struct arguments *arguments)
{
	char beside[PATH_MAX];
	const char *path = beside_find(PROGRAM, S_IFREG, beside, sizeof(beside)) ? beside : PROGRAM;

	if (arguments->count != 1) {
		log_error("relay takes the name of a proxy that has a relay in the config. Usage: cgtproxy [-c FILE] "
			  "relay NAME");
		return EXIT_USAGE;
	}
	execlp(path, PROGRAM, arguments->words[0], arguments->config != NULL ? "-c" : NULL, arguments->config,
	       (char *)NULL);
	log_error("can't execute %s: %s", path, strerror(errno));
	return EXIT_ERROR;
}
