/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_BOOLEAN_H
#define CGTPROXY_UTIL_BOOLEAN_H

#include <stdbool.h>

/**
 * Reads a boolean from the environment as systemd does (systemd.syntax(7)): 1, yes, y, true, t and on, or 0, no, n,
 * false, f and off, in any case.
 *
 * Returns whether it is one; @value is left alone otherwise.
 */
bool boolean_parse(const char *text, bool *value);

#endif
