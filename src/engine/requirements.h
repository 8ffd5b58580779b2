/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_REQUIREMENTS_H
#define CGTPROXY_ENGINE_REQUIREMENTS_H

#include "config/config.h"
#include "util/error.h"

/**
 * Checks that the kernel supports what a config needs; changes nothing.
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno, with @error, which names what the kernel lacks.
 */
int requirements_try(const struct config *config, struct error *error);

#endif
