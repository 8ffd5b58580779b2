/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_USERS_H
#define CGTPROXY_UTIL_USERS_H

#include <stdbool.h>
#include <stdint.h>

/** A user whom this system knows, by whatever name service it has. */
struct user {
	char *name;
	char *home; /* NULL: none that begins with "/" */
	uint32_t uid;
	uint32_t gid;
};

/**
 * Looks a user up.
 *
 * @user: when this returns true, its texts are for free()
 *
 * Returns false for one whom nobody knows, and without memory.
 */
bool user_by_uid(uint32_t uid, struct user *user);

/** The same by the name. */
bool user_by_name(const char *name, struct user *user);

/** Returns the name of a user, or the number where it has none, for free(); NULL without memory. */
char *user_name(uint32_t uid);

#endif
