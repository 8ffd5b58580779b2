/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_RIGHTS_H
#define CGTPROXY_DESKTOP_RIGHTS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Reading a user's files with no more rights than that user has, so that a symbolic link of theirs leads us nowhere
 * where they could not go themselves (setfsuid(2)).
 */

struct rights {
	uid_t uid; /* what to go back to */
	gid_t gid;
};

/**
 * Takes a user's rights on files, until rights_give_back().
 *
 * Returns the user's home directory, for free(). NULL without one, without the permission to take the rights, or
 * without memory; then there is nothing to give back.
 */
char *rights_take(uint32_t uid, struct rights *rights);

void rights_give_back(const struct rights *rights);

#endif
