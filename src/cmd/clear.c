/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/cmd.h"
#include "engine/engine.h"
#include "util/log.h"

int cmd_clear(const struct arguments *arguments)
{
	struct error error;

	if (arguments->count > 0) {
		log_error("clear takes no arguments. Usage: cgtproxy clear");
		return EXIT_USAGE;
	}
	if (engine_clear(&error) < 0) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	log_info("nothing of cgtproxy is left in the kernel");
	return EXIT_OK;
}
