/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_SELECTION_H
#define CGTPROXY_INSPECT_SELECTION_H

#include <stdint.h>

/* How what runs is written in a rule. */

/** By which selector of the config it is meant. */
enum application_kind {
	APPLICATION_APP,
	APPLICATION_UNIT,
	APPLICATION_USER_UNIT,
	APPLICATION_SLICE,
	APPLICATION_USER,
	APPLICATION_CGROUP, /* none but "match" */
};

/** No user's: the system's. */
#define NO_UID UINT32_MAX

/** Returns the key of the config that a kind is selected by: "app", "unit", "user-unit", "slice", "user", "match". */
const char *application_key(enum application_kind kind);

/**
 * Returns what to write behind that key: the id, or for APPLICATION_CGROUP, whose id is a path, an expression for it
 * and what is below. For free(); NULL without memory.
 */
char *application_value(enum application_kind kind, const char *id);

#endif
