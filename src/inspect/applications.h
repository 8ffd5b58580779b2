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
 * What runs now, in the terms of people and of the config: all cgroups of this moment, grouped by the application, unit
 * or login that they are of.
 */

/** Something that runs. What is in its texts is users': escape it where it is shown. */
struct application {
	enum application_kind kind;
	char *id;	 /* as the selector takes it; the path of the topmost one's for APPLICATION_CGROUP */
	char *name;	 /* for people: "Telegram", "mihomo", "alice"; the id where nothing better is known */
	uint32_t uid;	 /* whose it is, or NO_UID */
	char *user;	 /* that user's name, or the number where it has no name; NULL with NO_UID */
	size_t *cgroups; /* positions in index.by_id, in the order of the tree's walk */
	size_t cgroup_count;
	size_t cgroup_capacity;
};

struct applications {
	struct cgroup_index index;
	struct application *items; /* in the order of name, user and id */
	size_t count;
	size_t capacity;
};

/**
 * Finds out what runs. Cgroups are grouped as the selectors see them: an application of one user, a unit of the system,
 * a unit of a user's manager, the login sessions of a user (APPLICATION_USER: what a window manager starts is there),
 * or else each cgroup right below a slice or the root. The root, slices and users' managers belong to nothing: what is
 * in those is below them.
 *
 * @cgroup_root:  the mount as the config names it, or NULL
 * @entries:      for the names of applications: those of the system and of who runs something are read when they have
 *                not been. NULL: names are the IDs
 * @applications: zeroed; applications_clear() it whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int applications_read(const char *cgroup_root, struct desktop_entries *entries, struct applications *applications,
		      struct error *error);

void applications_clear(struct applications *applications);

#endif
