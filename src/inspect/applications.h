/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_APPLICATIONS_H
#define CGTPROXY_INSPECT_APPLICATIONS_H

#include "cgroup/tree.h"
#include "desktop/entries.h"
#include "inspect/index.h"
#include "inspect/selection.h"
#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What is running, in the terms of users and of the config: all current cgroups, grouped by application, unit or login.
 */

/** Something that is running. Its strings are untrusted: escape them for display. */
struct application {
	enum application_kind kind;
	char *id;	 /* as for the selector; for APPLICATION_CGROUP, the path of the topmost cgroup */
	char *name;	 /* for display: "Telegram", "mihomo", "alice"; the id if no name is known */
	uint32_t uid;	 /* the user who runs it, or NO_UID */
	char *user;	 /* that user's name, or the number if there is none; NULL with NO_UID */
	size_t *cgroups; /* positions in index.by_id, in depth-first order */
	size_t cgroup_count;
	size_t cgroup_capacity;
};

struct applications {
	struct cgroup_index index;
	struct application *items; /* sorted by name, user and id */
	size_t count;
	size_t capacity;
};

/**
 * Finds out what is running. Cgroups are grouped by selector: an application of one user, a unit of the system, a unit
 * of a user's manager, or a user's login sessions (APPLICATION_USER; many window managers start all programs there).
 * Any other cgroup directly below a slice or the root is an item of its own, with its descendants. The root, slices and
 * users' managers themselves belong to no item, since systemd runs nothing in them.
 *
 * @cgroup_root:  the mount as the config names it, or NULL
 * @entries:      for the names of applications; the entries of the system and of each user with a cgroup are read
 * unless they have been. NULL: applications are named by ID
 * @applications: zeroed; release with applications_clear(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int applications_read(const char *cgroup_root, struct desktop_entries *entries, struct applications *applications,
		      struct error *error);

void applications_clear(struct applications *applications);

#endif
