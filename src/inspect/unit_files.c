/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/unit_files.h"

#include "desktop/rights.h"
#include "util/cleanup.h"
#include "util/unit_name.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* foo@bar.service is made from foo@.service. */
static void name_file(char *file, const char *unit)
{
	const char *at = strchr(unit, '@');
	const char *ending = strrchr(unit, '.');

	if (at != NULL && ending != NULL && ending > at)
		snprintf(file, UNIT_NAME_SIZE, "%.*s@%s", (int)(at - unit), unit, ending);
	else
		snprintf(file, UNIT_NAME_SIZE, "%s", unit);
}

static bool has_file(const char *directory, const char *below, const char *unit)
{
	char file[UNIT_NAME_SIZE];
	char path[PATH_MAX];
	struct stat status;

	name_file(file, unit);
	return snprintf(path, sizeof(path), "%s%s/%s", directory, below, file) < (int)sizeof(path) &&
	       lstat(path, &status) == 0;
}

static bool is_in_any(const char *below, const char *unit)
{
	static const char *const directories[] = {"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"};

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (has_file(directories[i], below, unit))
			return true;
	}
	return false;
}

bool unit_files_has_system(const char *name)
{
	return is_in_any("/systemd/system", name);
}

bool unit_files_has_user(const char *name, const uint32_t *uids, size_t count)
{
	bool found = is_in_any("/systemd/user", name);

	for (size_t i = 0; i < count && !found; i++) {
		struct rights rights;
		CLEANUP(freep) char *home = rights_take(uids[i], &rights);

		if (home == NULL)
			continue;
		found = has_file(home, "/.config/systemd/user", name);
		rights_give_back(&rights);
	}
	return found;
}
