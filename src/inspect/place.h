/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PLACE_H
#define CGTPROXY_INSPECT_PLACE_H

#include "cgroup/tree.h"
#include "desktop/unit.h"
#include "inspect/selection.h"

#include <stdbool.h>
#include <stdint.h>

/** What a cgroup is the topmost one of, according to its path. */
struct place {
	enum application_kind kind;
	uint32_t uid;		  /* the user whose slice it is in, or NO_UID */
	struct desktop_unit unit; /* with APPLICATION_APP */
	const char *name;	  /* the unit's, without systemd's prefix (_cpu.service); belongs to the cgroup */
};

/**
 * Finds out what a cgroup is the topmost one of.
 *
 * @place: set if this returns true
 *
 * Returns false for the root, a user's manager, and a slice that is not an application's: then look at its children.
 */
bool place_read(const struct cgroup *cgroup, struct place *place);

/** Returns the user whose user-UID.slice a cgroup is, or NO_UID. */
uint32_t place_user_slice(const struct cgroup *cgroup);

/** Returns whether the selector "slice" can select a cgroup, and in @name its name without systemd's prefix. */
bool place_is_slice(const struct cgroup *cgroup, const char **name);

#endif
