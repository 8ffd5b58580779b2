/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_BYPASS_H
#define CGTPROXY_ENGINE_BYPASS_H

#include "config/config.h"
#include "nft/set.h"

/**
 * Adds the networks of "bypass" to a set, as intervals that neither overlap nor touch.
 *
 * @family: AF_INET or AF_INET6
 *
 * Returns 0 or -ENOMEM.
 */
int bypass_add(struct set *set, const struct config *config, int family);

#endif
