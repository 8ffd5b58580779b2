/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_COMPILE_H
#define CGTPROXY_ENGINE_COMPILE_H

#include "config/config.h"
#include "nft/ruleset.h"

/**
 * Turns a config into the table that carries it out, but for its cgroups.
 *
 * Returns the ruleset, for ruleset_free(), or NULL without memory. It refers to the config's names.
 */
struct ruleset *compile_ruleset(const struct config *config);

/** Returns the verdict that sends a cgroup to a target. */
struct verdict compile_verdict(const struct config *config, uint32_t target);

#endif
