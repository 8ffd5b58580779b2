/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PLACE_H
#define CGTPROXY_INSPECT_PLACE_H

#include "cgroup/tree.h"
#include "desktop/unit.h"
#include "inspect/selection.h"

#include <stdbool.h>
#include <stdint.h>

/** What a cgroup is the topmost one of, by its path. */
struct place {
	enum application_kind kind;
	uint32_t uid;		  /* whose manager or sessions it is in, or NO_UID */
	struct desktop_unit unit; /* of an application */
	const char *name;	  /* of a unit, without what systemd puts in front (_cpu.service); the cgroup's */
};

/**
 * Finds out what begins at a cgroup.
 *
 * @place: set when this returns true
 *
 * Returns false for the root and for a slice that is no application's: what is below those is to be asked for.
 */
bool place_read(const struct cgroup *cgroup, struct place *place);

/** Returns the user whose user-UID.slice a cgroup is, or NO_UID. */
uint32_t place_user_slice(const struct cgroup *cgroup);

/** Returns whether a cgroup is a slice that "slice" selects, and its name without what systemd puts in front. */
bool place_is_slice(const struct cgroup *cgroup, const char **name);

#endif
