/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/watches.h"

#include "inspect/host.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	USERS = 3, /* that are named */
	PATH_SIZE = 64,
};

/* Of which process, and how many watches it has. */
struct holder {
	uint32_t pid;
	size_t watches;
};

struct holders {
	size_t total; /* of all processes of a user */
	struct holder most[USERS];
};

static size_t count_in_file(const char *directory, const char *name)
{
	static const char mark[] = "inotify wd:";
	char path[PATH_SIZE + NAME_MAX + 2];
	CLEANUP(fclosep) FILE *file = NULL;
	char line[256];
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		count += strncmp(line, mark, strlen(mark)) == 0;
	return count;
}

/* As proc_pid_fdinfo(5) lists them; of a process that may be ending, and that one may not be allowed to look at. */
static size_t count_of_process(uint32_t pid)
{
	char path[PATH_SIZE];
	CLEANUP(closedirp) DIR *directory = NULL;
	const struct dirent *entry = NULL;
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fdinfo", pid);
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.')
			count += count_in_file(path, entry->d_name);
	}
	return count;
}

static bool find_user(uint32_t pid, uid_t *user)
{
	char path[PATH_SIZE];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	if (stat(path, &status) < 0)
		return false;
	*user = status.st_uid;
	return true;
}

static void note_holder(struct holders *holders, struct holder holder)
{
	holders->total += holder.watches;
	for (size_t i = 0; i < USERS; i++) {
		const struct holder last = holders->most[i];

		if (holder.watches <= last.watches)
			continue;
		holders->most[i] = holder;
		holder = last;
	}
}

static void find_holders(uid_t user, struct holders *holders)
{
	CLEANUP(closedirp) DIR *directory = opendir("/proc");
	const struct dirent *entry = NULL;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		const uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		uid_t owner = 0;

		if (pid != 0 && find_user(pid, &owner) && owner == user)
			note_holder(holders, (struct holder){pid, count_of_process(pid)});
	}
}

static void name_process(uint32_t pid, char *shown, size_t size)
{
	char name[PROCESS_PROGRAM_SIZE];

	process_read_program(pid, name);
	escape(shown, size, name, strlen(name));
}

/* To end a sentence; "" if there are none. For free(), or NULL without memory. */
static char *list_holders(const struct holders *holders)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < USERS && holders->most[i].watches > 0; i++) {
		char name[ESCAPED_SIZE(PROCESS_PROGRAM_SIZE)];

		name_process(holders->most[i].pid, name, sizeof(name));
		fprintf(out, i > 0 ? _(", %s (%" PRIu32 ") has %zu") : _(". Of those, %s (%" PRIu32 ") has %zu"), name,
			holders->most[i].pid, holders->most[i].watches);
	}
	return fclose(out) == 0 ? text : NULL;
}

/* A round number that lasts for a while. */
static unsigned long long enough(unsigned long long limit, size_t cgroups)
{
	unsigned long long wanted = 8192;

	while (wanted < 2 * limit || wanted < 8ULL * cgroups)
		wanted *= 2;
	return wanted;
}

static int report(size_t unwatched, size_t cgroups, const char *holders, struct problems *problems)
{
	unsigned long long limit = 0;

	host_inotify_watches(&limit);
	return problems_add(
		problems, PROBLEM_WATCHES, _("inotify watches"),
		problem_command("sysctl -w fs.inotify.max_user_watches=%llu", enough(limit, cgroups)),
		"%zu of %zu cgroups have no inotify watch, so what is new in them is found late: a user has "
		"%llu watches at most (fs.inotify.max_user_watches)%s",
		unwatched, cgroups, limit, holders);
}

int watches_report(size_t unwatched, size_t cgroups, struct problems *problems)
{
	return unwatched > 0 ? report(unwatched, cgroups, "", problems) : 0;
}

int watches_judge(uint32_t pid, size_t cgroups, struct problems *problems)
{
	unsigned long long limit = 0;
	struct holders holders = {0};
	CLEANUP(freep) char *list = NULL;
	size_t watches = 0;
	uid_t user = 0;

	if (!host_inotify_watches(&limit))
		return 0;
	if (pid == 0)
		return watches_report(limit < cgroups ? cgroups - (size_t)limit : 0, cgroups, problems);
	watches = count_of_process(pid);
	if (watches >= cgroups || watches == 0 || !find_user(pid, &user))
		return 0;
	/* cgroups come and go while they are counted: only a limit that is reached is a reason to have fewer watches */
	find_holders(user, &holders);
	if (holders.total < limit)
		return 0;
	list = list_holders(&holders);
	return list != NULL ? report(cgroups - watches, cgroups, list, problems) : -ENOMEM;
}
