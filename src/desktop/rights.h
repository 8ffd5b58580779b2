/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_RIGHTS_H
#define CGTPROXY_DESKTOP_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Accesses files with a user's permissions (setfsuid(2)), so that a symbolic link of theirs can't make root read a file
 * that they can't read themselves.
 */

enum { RIGHTS_GROUPS_MAX = 1024 };

/** What to restore. */
struct rights {
	uid_t uid;
	gid_t gid;
	bool has_groups; /* supplementary ones were changed */
	int group_count;
	gid_t groups[RIGHTS_GROUPS_MAX];
};

/**
 * Takes on a user's permissions for file access, until rights_give_back().
 *
 * Returns the user's home directory, freed by the caller. NULL if there is none, without the privilege to change the
 * permissions, or if out of memory; nothing has changed then.
 */
char *rights_take(uint32_t uid, struct rights *rights);

void rights_give_back(const struct rights *rights);

#endif
