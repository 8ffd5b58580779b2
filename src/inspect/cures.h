/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CURES_H
#define CGTPROXY_INSPECT_CURES_H

#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * Says where in a config something is: "line 9 of /etc/cgtproxy/config.yaml".
 *
 * @line: 0: of a config that is known from what is in force only
 *
 * Returns it, escaped, for free(), or NULL without memory.
 */
char *place_in_file(const struct config *config, int line);

/** Says where a rule is, likewise: also "line 3 of config.d/50-route.yaml". */
char *place_of_rule(const struct config *config, int32_t rule);

/** Returns whether "cgtproxy route" has written one rule, but not the other, which it overrides on purpose. */
bool is_overridden(const struct config *config, int32_t rule, int32_t by);

/**
 * Says what to do to have a rule before another one; if that one is from "cgtproxy route", to remove it with that.
 *
 * Returns a cure, or NULL without memory.
 */
char *cure_by_moving(const struct config *config, int32_t rule, int32_t before);

/** Says to write a key of a proxy, for free(); NULL without memory. */
char *cure_by_key(const struct config *config, const struct proxy *proxy, const char *key, const char *value);

/** Returns what a text is shown as, for free(), or NULL without memory. */
char *shown_copy(const char *text);

#endif
