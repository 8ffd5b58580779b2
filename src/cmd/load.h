/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_LOAD_H
#define CGTPROXY_CMD_LOAD_H

#include "cmd/cmd.h"
#include "engine/engine.h"

/**
 * Reads the config that the arguments name and logs all there is to say of it.
 *
 * Returns the config, for config_free(), or NULL.
 */
struct config *load_config(const struct arguments *arguments);

/**
 * Makes an engine for the config that the arguments name, and lets it find the cgroups; logs what goes wrong.
 *
 * Returns the engine, for engine_free(), or NULL.
 */
struct engine *load_engine(const struct arguments *arguments);

#endif
