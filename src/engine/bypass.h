/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_BYPASS_H
#define CGTPROXY_ENGINE_BYPASS_H

#include "config/config.h"
#include "nft/ruleset.h"

/**
 * Turns the networks of "bypass" into intervals that neither overlap nor touch.
 *
 * @family: AF_INET or AF_INET6
 * @set:    zeroed; its intervals are for free(), whatever this returns
 *
 * Returns 0 or -ENOMEM.
 */
int bypass_intervals(const struct config *config, int family, struct interval_set *set);

#endif
