/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_RIGHTS_H
#define CGTPROXY_DESKTOP_RIGHTS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Accesses files with a user's permissions (setfsuid(2)), so that a symbolic link of theirs can't make root read a file
 * that they can't read themselves.
 */

struct rights {
	uid_t uid; /* to restore */
	gid_t gid;
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
