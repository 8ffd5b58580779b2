/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_PANE_H
#define CGTPROXY_CMD_PANE_H

#include "cmd/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A text on a terminal that may be larger than it, for "status --watch". With plain sequences: the screen of "top" has
 * ncurses, which the daemon, in the same program as this, does without.
 */

struct pane {
	size_t first;	/* line shown on top; 0 at the beginning */
	size_t rows;	/* of the terminal; at least 1 */
	size_t columns; /* likewise */
};

/**
 * Draws the part of a text that the pane shows, over what was there before. A line that is too wide ends with an
 * ellipsis; where there are too many, the last line says which are shown. Moves the pane if the text ends above it.
 *
 * @text: UTF-8, with sequences for colours
 */
void pane_draw(struct pane *pane, const char *text, const struct style *style, FILE *out);

/**
 * Moves the pane as keys say: arrows, j and k, PgUp, PgDn, space and b, Home, End, g and G.
 *
 * @keys: what a terminal sent, @length bytes
 *
 * Returns whether to go on: false after q.
 */
bool pane_press(struct pane *pane, const char *text, const char *keys, size_t length);

#endif
