/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * cgtproxy-relay-generator: tells systemd what only the config knows of relays (systemd.generator(7)). It runs before
 * everything else when the system starts, and at each daemon-reload, while systemd waits for it: so it reads files and
 * asks nobody.
 */

#include "config/load.h"
#include "relay/units.h"
#include "util/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KERNEL_LOG "/dev/kmsg"

/* Nothing else reads messages yet when the system starts. */
static void write_to_kernel_log(int priority, const char *message, void *data)
{
	/* one write is one message; without a kernel log, as in a container, there is no place for it */
	dprintf(*(const int *)data, "<%d>cgtproxy-relay-generator: %s\n", LOG_DAEMON | priority, message);
}

static int generate(const char *directory)
{
	CLEANUP(config_freep) struct config *config = NULL;
	struct diagnostics diagnostics = {0};
	struct error error;

	config_load_proxies(NULL, &config, &diagnostics);
	/* warnings are for who starts the daemon */
	if (config == NULL)
		diagnostics_log(&diagnostics);
	diagnostics_clear(&diagnostics);
	if (config == NULL) {
		log_error("the units of relays get no ports, because of errors in the config");
		return EXIT_FAILURE;
	}
	if (units_write(config, directory, &error) == 0)
		return EXIT_SUCCESS;
	log_error("%s", error.text);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	/* systemd says so, since version 251, that it is who calls */
	int kernel_log = getenv("SYSTEMD_SCOPE") != NULL ? open(KERNEL_LOG, O_WRONLY | O_CLOEXEC | O_NOCTTY) : -1;
	int code = EXIT_FAILURE;

	log_open();
	if (kernel_log >= 0)
		log_redirect(write_to_kernel_log, &kernel_log);
	if (argc == 2 || argc == 4)
		code = generate(argv[1]);
	else
		log_error("it is for systemd to start, with three directories (systemd.generator(7))");
	if (kernel_log >= 0)
		close(kernel_log);
	return code;
}
