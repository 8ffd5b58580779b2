/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/render.h"
#include "cmd/cmd.h"
#include "cmd/load.h"
#include "cmd/pager.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <stdio.h>

int cmd_render(const struct arguments *arguments)
{
	CLEANUP(engine_freep) struct engine *engine = NULL;

	if (arguments->count > 0) {
		log_error("render takes no arguments. Usage: cgtproxy [-c FILE] render");
		return EXIT_USAGE;
	}
	engine = load_engine(arguments);
	if (engine == NULL)
		return EXIT_ERROR;
	pager_open(arguments);
	if (render(engine_instance(engine), engine_tree(engine), engine_mount(engine), stdout) < 0) {
		log_error("no memory to write the ruleset");
		return EXIT_ERROR;
	}
	return EXIT_OK;
}
