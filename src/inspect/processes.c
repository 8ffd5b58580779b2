/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/processes.h"

#include "cgroup/lookup.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 64 };

/* Returns 0, also for a process that is gone or in no cgroup of version 2, or -ENOMEM. */
static int add_process(struct processes *processes, uint32_t pid, const char *mount, char *path)
{
	struct process *items =
		array_reserve(processes->items, &processes->capacity, processes->count + 1, sizeof(*items));
	struct process process = {.pid = pid};
	struct error ignored;

	if (items == NULL)
		return -ENOMEM;
	processes->items = items;
	if (!process_read_program(pid, process.name) || cgroup_path_of_process(pid, mount, path, &ignored) < 0)
		return 0;
	process.cgroup = strdup(path);
	if (process.cgroup == NULL)
		return -ENOMEM;
	items[processes->count++] = process;
	return 0;
}

int processes_list(struct processes *processes, const char *mount, struct error *error)
{
	CLEANUP(closedirp) DIR *directory = opendir("/proc");
	CLEANUP(freep) char *path = malloc(CGROUP_PATH_SIZE);
	const struct dirent *entry = NULL;
	int result = 0;

	if (directory == NULL)
		return error_set(error, -errno, "can't list processes in /proc: %s", strerror(errno));
	if (path == NULL)
		return error_set(error, -ENOMEM, "no memory to list processes");
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		char *end = NULL;
		unsigned long pid = strtoul(entry->d_name, &end, 10);

		if (pid > 0 && pid <= INT32_MAX && *end == '\0')
			result = add_process(processes, (uint32_t)pid, mount, path);
	}
	return result < 0 ? error_set(error, result, "no memory to list processes") : 0;
}

size_t process_arguments(uint32_t pid, char *arguments)
{
	char path[PATH_SIZE];
	CLEANUP(fclosep) FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cmdline", pid);
	file = fopen(path, "re");
	return file != NULL ? fread(arguments, 1, PROCESS_ARGUMENTS_SIZE, file) : 0;
}

bool process_has_socket(const struct process *process, uint32_t inode)
{
	char path[PATH_SIZE];
	char wanted[PATH_SIZE];
	char target[PATH_SIZE];
	CLEANUP(closedirp) DIR *directory = NULL;
	const struct dirent *entry = NULL;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", process->pid);
	snprintf(wanted, sizeof(wanted), "socket:[%" PRIu32 "]", inode);
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		if (strcmp(target, wanted) == 0)
			return true;
	}
	return false;
}

enum process_network process_network(const struct process *process)
{
	char path[PATH_SIZE];
	struct stat ours;
	struct stat theirs;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/net", process->pid);
	if (stat("/proc/self/ns/net", &ours) < 0 || stat(path, &theirs) < 0)
		return NETWORK_UNKNOWN;
	return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino ? NETWORK_OURS : NETWORK_OTHER;
}

void processes_clear(struct processes *processes)
{
	for (size_t i = 0; i < processes->count; i++)
		free(processes->items[i].cgroup);
	free(processes->items);
	*processes = (struct processes){0};
}
