/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_STATE_H
#define CGTPROXY_TOP_STATE_H

#include "top/change.h"
#include "top/look.h"
#include "top/menu.h"
#include "top/rows.h"
#include "top/screen.h"

#include <stdbool.h>
#include <stddef.h>

enum { FILTER_SIZE = 128 };

/** What keys mean at the moment. */
enum mode {
	MODE_LIST,
	MODE_FILTER, /* a text is being typed */
	MODE_MENU,   /* a target is being chosen */
	MODE_HELP,
};

/** All of the program. */
struct top {
	const struct arguments *arguments;
	struct screen screen;
	struct desktop_entries entries;
	struct look look;	/* the last that succeeded */
	struct message trouble; /* with the config, or with the last look */
	struct rows rows;	/* of the look */
	struct row_choice choice;
	char filter[FILTER_SIZE]; /* UTF-8 */
	size_t selected;	  /* row */
	size_t first;		  /* row shown */
	size_t help_first;	  /* line of the help shown */
	size_t page;		  /* rows shown */
	enum mode mode;
	struct menu menu;
	struct undo undo;
	struct message message; /* until the next key */
};

#endif
