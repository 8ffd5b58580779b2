/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_DRAW_H
#define CGTPROXY_TOP_DRAW_H

#include "top/state.h"

/** Draws the whole screen. Sets what depends on its size: the page, and the first line shown. */
void draw(struct top *top);

/** Returns the number of lines of the help. */
size_t draw_help_lines(void);

#endif
