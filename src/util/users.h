/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_USERS_H
#define CGTPROXY_UTIL_USERS_H

#include <stdbool.h>
#include <stdint.h>

/** A user known to this system's name service. */
struct user {
	char *name;
	char *home; /* absolute, or NULL */
	uint32_t uid;
	uint32_t gid;
};

/**
 * Looks a user up.
 *
 * @user: set if this returns true; its strings are freed by the caller
 *
 * Returns false if there is no such user, or if out of memory.
 */
bool user_by_uid(uint32_t uid, struct user *user);

/** Likewise by name. */
bool user_by_name(const char *name, struct user *user);

/** Returns a user's name, or the number if there is none, freed by the caller; NULL if out of memory. */
char *user_name(uint32_t uid);

#endif
