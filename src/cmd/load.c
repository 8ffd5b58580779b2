/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/load.h"

#include "config/load.h"
#include "util/log.h"

struct config *load_config(const struct arguments *arguments)
{
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	config_load(arguments->config, &config, &diagnostics);
	diagnostics_log(&diagnostics);
	diagnostics_clear(&diagnostics);
	return config;
}

struct engine *load_engine_for(struct config *config)
{
	struct error error;
	struct engine *engine = engine_new(config, &error);

	if (engine != NULL && engine_observe(engine, &error) == 0)
		return engine;
	log_error("%s", error.text);
	engine_free(engine);
	return NULL;
}

struct engine *load_engine(const struct arguments *arguments)
{
	struct config *config = load_config(arguments);

	return config != NULL ? load_engine_for(config) : NULL;
}
