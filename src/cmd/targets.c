/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* For shell completion of "cgtproxy exec", and for scripts. */

#include "cmd/cmd.h"
#include "cmd/load.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <stdio.h>

int cmd_targets(const struct arguments *arguments)
{
	CLEANUP(config_freep) struct config *config = NULL;

	if (arguments->count > 0) {
		log_error("targets takes no arguments. Usage: cgtproxy [-c FILE] targets");
		return EXIT_USAGE;
	}
	config = load_config(arguments);
	if (config == NULL)
		return EXIT_ERROR;
	for (uint32_t target = 0; target < TARGET_FIRST_PROXY + config->proxy_count; target++)
		puts(config_target_name(config, target));
	return EXIT_OK;
}
