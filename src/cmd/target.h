/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_TARGET_H
#define CGTPROXY_CMD_TARGET_H

#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

/* Targets by the names that people type: direct, drop, refuse, or a proxy's. */

/**
 * Finds a target. The words mean the targets, also where a proxy has such a name.
 *
 * Returns whether there is one by that name.
 */
bool target_find(const struct config *config, const char *name, uint32_t *target);

/** Logs that there is no such target, and which there are. */
void target_log_unknown(const struct config *config, const char *name);

#endif
