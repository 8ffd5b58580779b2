/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_SUFFIX_H
#define CGTPROXY_UTIL_SUFFIX_H

#include <stdbool.h>

/** Returns whether a name ends with a suffix, like ".service", and has something before it. */
bool has_suffix(const char *name, const char *suffix);

#endif
