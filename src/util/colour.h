/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_COLOUR_H
#define CGTPROXY_UTIL_COLOUR_H

#include <stdbool.h>

/**
 * Returns whether to colour what is written to a descriptor: as SYSTEMD_COLORS says; without it, on a terminal that can
 * show colours (TERM) unless NO_COLOR is set and not empty (no-color.org).
 *
 * SYSTEMD_COLORS is read as systemd reads it (src/basic/terminal-util.c): a boolean, a number of colours, or "auto-"
 * and a number; anything else is as if it were not set.
 */
bool colour_is_wanted(int fd);

#endif
