/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_SELECTION_H
#define CGTPROXY_INSPECT_SELECTION_H

#include <stdint.h>

/* Which selector a rule for something running takes. */

/** The kind of thing, by the config's selector for it. */
enum application_kind {
	APPLICATION_APP,
	APPLICATION_UNIT,
	APPLICATION_USER_UNIT,
	APPLICATION_SLICE,
	APPLICATION_USER,
	APPLICATION_CGROUP, /* only "match" selects it */
};

/** Instead of a user's number: the system. */
#define NO_UID UINT32_MAX

/** Returns the selector for a kind: "app", "unit", "user-unit", "slice", "user", "match". */
const char *application_key(enum application_kind kind);

/**
 * Returns the selector's value: the id, or for APPLICATION_CGROUP, whose id is a path, an expression that matches the
 * cgroup and its descendants. Freed by the caller; NULL if out of memory.
 */
char *application_value(enum application_kind kind, const char *id);

#endif
