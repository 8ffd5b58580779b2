/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_UNIT_H
#define CGTPROXY_DESKTOP_UNIT_H

#include "util/unit_name.h"

#include <stdbool.h>

/** The application that a unit belongs to, according to the unit's name. */
struct desktop_unit {
	char id[UNIT_NAME_SIZE];   /* as for the selector "app": the desktop ID if the launcher used that; UTF-8 */
	char snap[UNIT_NAME_SIZE]; /* "NAME.APP" if it is a snap's, else "" */
	char game[UNIT_NAME_SIZE]; /* the number if it is a game of Steam's, else "" */
};

/**
 * Finds out which application a unit of a user's manager belongs to. This is the inverse of config/selectors.c, which
 * explains the names that desktops use.
 *
 * @name: of a scope, service or slice; untrusted
 *
 * Returns whether it belongs to an application.
 */
bool desktop_unit_read(const char *name, struct desktop_unit *unit);

#endif
