/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_LOAD_H
#define CGTPROXY_CMD_LOAD_H

#include "cmd/cmd.h"
#include "engine/engine.h"

/**
 * Reads the config that the arguments name and logs its errors and warnings.
 *
 * Returns the config, to be freed with config_free(), or NULL.
 */
struct config *load_config(const struct arguments *arguments);

/**
 * Makes an engine for a config and lets it find the cgroups; logs all errors.
 *
 * @config: belongs to the engine from then on, whatever this returns
 *
 * Returns the engine, for engine_free(), or NULL.
 */
struct engine *load_engine_for(struct config *config);

/**
 * Makes an engine for the config that the arguments name, and has it find the cgroups; logs errors.
 *
 * Returns the engine, to be freed with engine_free(), or NULL.
 */
struct engine *load_engine(const struct arguments *arguments);

#endif
