/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_MENU_H
#define CGTPROXY_TOP_MENU_H

#include "cmd/choose.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "inspect/applications.h"

#include <stddef.h>

/** A target that can be chosen. */
struct menu_item {
	char *target; /* its name; NULL: remove the rule */
	char *text;   /* what it does */
};

/** The choice of a target for one application, which may be gone by the time it is made. */
struct menu {
	struct choice choice; /* what the rule is for */
	struct menu_item *items;
	size_t count;
	size_t selected;
};

/**
 * Lists the targets of the config, and the removal of the application's rule if "cgtproxy route" has written one. The
 * one that the application has is selected. Logs what goes wrong.
 *
 * @target: that it has now
 * @menu:   zeroed; release with menu_clear(), also on failure
 *
 * Returns 0 or -ENOMEM.
 */
int menu_make(const struct arguments *arguments, const struct config *config, const struct application *application,
	      const char *target, struct menu *menu);

void menu_clear(struct menu *menu);

#endif
