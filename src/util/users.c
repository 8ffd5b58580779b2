/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/users.h"

#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { USER_DATA_MAX = 1 << 20 };

static bool copy(const struct passwd *found, struct user *user)
{
	*user = (struct user){.name = strdup(found->pw_name), .uid = found->pw_uid, .gid = found->pw_gid};
	if (user->name == NULL)
		return false;
	if (found->pw_dir != NULL && *found->pw_dir == '/')
		user->home = strdup(found->pw_dir);
	return true;
}

/* Looks a user up by name, or with a NULL name by number. */
static bool look_up(const char *name, uint32_t uid, struct user *user)
{
	struct passwd entry;
	struct passwd *found = NULL;
	int result = ERANGE;

	for (size_t size = 1024; result == ERANGE && size <= USER_DATA_MAX; size *= 4) {
		CLEANUP(freep) char *buffer = malloc(size);

		if (buffer == NULL)
			return false;
		result = name != NULL ? getpwnam_r(name, &entry, buffer, size, &found)
				      : getpwuid_r(uid, &entry, buffer, size, &found);
		if (result == 0 && found != NULL)
			return copy(found, user);
	}
	return false;
}

bool user_by_uid(uint32_t uid, struct user *user)
{
	return look_up(NULL, uid, user);
}

bool user_by_name(const char *name, struct user *user)
{
	return look_up(name, 0, user);
}

char *user_name(uint32_t uid)
{
	struct user user;
	char *number = NULL;

	if (user_by_uid(uid, &user)) {
		free(user.home);
		return user.name;
	}
	return asprintf(&number, "%" PRIu32, uid) >= 0 ? number : NULL;
}
