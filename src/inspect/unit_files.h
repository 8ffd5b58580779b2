/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_UNIT_FILES_H
#define CGTPROXY_INSPECT_UNIT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether there are files of units (systemd.unit(5), "Unit File Load Path"), without asking systemd. */

/** Returns whether the system has a file of a unit, or of its template. @name: one that selector_takes() */
bool unit_files_has_system(const char *name);

/** Returns whether there is one for the managers of all users, or in the home of one of them. */
bool unit_files_has_user(const char *name, const uint32_t *uids, size_t count);

#endif
