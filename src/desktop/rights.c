/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "desktop/rights.h"

#include "util/users.h"

#include <grp.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* setfsuid() does not report failure. With an invalid id, it only returns the current one. */
static uid_t current_uid(void)
{
	return (uid_t)setfsuid((uid_t)-1);
}

static gid_t current_gid(void)
{
	return (gid_t)setfsgid((gid_t)-1);
}

/* Root's supplementary groups open files, too. One that is the user anyway has no others to give up. */
static bool take_groups(gid_t gid, struct rights *rights)
{
	rights->has_groups = geteuid() == 0;
	if (!rights->has_groups)
		return true;
	rights->group_count = getgroups(RIGHTS_GROUPS_MAX, rights->groups);
	return rights->group_count >= 0 && setgroups(1, &gid) == 0;
}

char *rights_take(uint32_t uid, struct rights *rights)
{
	struct user user;

	if (!user_by_uid(uid, &user) || user.home == NULL)
		return NULL;
	rights->uid = current_uid();
	rights->gid = current_gid();
	free(user.name);
	if (take_groups(user.gid, rights)) {
		setfsgid(user.gid);
		setfsuid(uid);
		if (current_uid() == uid && current_gid() == user.gid)
			return user.home;
		rights_give_back(rights);
	}
	free(user.home);
	return NULL;
}

void rights_give_back(const struct rights *rights)
{
	setfsuid(rights->uid);
	setfsgid(rights->gid);
	if (rights->has_groups)
		setgroups((size_t)rights->group_count, rights->groups);
}
