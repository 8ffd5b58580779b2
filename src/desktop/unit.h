/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_UNIT_H
#define CGTPROXY_DESKTOP_UNIT_H

#include "util/unit_name.h"

#include <stdbool.h>

/** Of which application a unit is, by its name. */
struct desktop_unit {
	char id[UNIT_NAME_SIZE];   /* as "app" selects it, which is its desktop ID if the launcher knew that; UTF-8 */
	char snap[UNIT_NAME_SIZE]; /* of a snap's application: "NAME.APP"; "" of others */
	char game[UNIT_NAME_SIZE]; /* of a game that Steam started: its number; "" of others */
};

/**
 * Finds out which application a unit of a user's manager is of: the other way round than config/selectors.c has it,
 * where the names that desktops give are explained.
 *
 * @name: of a scope, a service or a slice; any text
 *
 * Returns whether it is one's.
 */
bool desktop_unit_read(const char *name, struct desktop_unit *unit);

#endif
