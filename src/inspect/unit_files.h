/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_UNIT_FILES_H
#define CGTPROXY_INSPECT_UNIT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks for unit files without asking systemd (systemd.unit(5), "Unit File Load Path"). */

/** Returns whether the system has a file for a unit or its template. @name must be valid by selector_takes(). */
bool unit_files_has_system(const char *name);

/** Likewise for users' managers: a file for all users, or in the home of one of @uids. */
bool unit_files_has_user(const char *name, const uint32_t *uids, size_t count);

#endif
