/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/members.h"

#include "inspect/processes.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/users.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROC_PATH_SIZE = 64 };

static FILE *open_file(uint32_t pid, const char *name)
{
	char path[PROC_PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	return fopen(path, "re");
}

/* Reads the number behind a prefix, as the kernel writes it: decimal, and small enough. */
static bool number_behind(const char *text, const char *prefix, uint32_t *number)
{
	const size_t length = strlen(prefix);
	char *end = NULL;
	unsigned long long found = 0;

	if (strncmp(text, prefix, length) != 0)
		return false;
	found = strtoull(text + length, &end, 10);
	*number = (uint32_t)found;
	return end != text + length && found <= UINT32_MAX;
}

static bool read_name(struct member *member)
{
	CLEANUP(fclosep) FILE *file = open_file(member->pid, "comm");

	if (file == NULL || fgets(member->name, sizeof(member->name), file) == NULL)
		return false;
	member->name[strcspn(member->name, "\n")] = '\0';
	return true;
}

static void read_command(struct member *member)
{
	CLEANUP(fclosep) FILE *file = open_file(member->pid, "cmdline");
	size_t length = file != NULL ? fread(member->command, 1, sizeof(member->command) - 1, file) : 0;

	while (length > 0 && member->command[length - 1] == '\0')
		length--;
	member->command[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (member->command[i] == '\0')
			member->command[i] = ' ';
	}
}

/* proc_pid_status(5): the real user, a tab, the effective one, and so on. */
static uint32_t read_uid(uint32_t pid)
{
	CLEANUP(fclosep) FILE *file = open_file(pid, "status");
	char line[256];
	uint32_t uid = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *real = strncmp(line, "Uid:\t", strlen("Uid:\t")) == 0 ? line + strlen("Uid:\t") : "";
		const char *effective = strchr(real, '\t');

		if (effective != NULL && number_behind(effective, "\t", &uid))
			return uid;
	}
	return UINT32_MAX;
}

int members_add(struct members *members, uint32_t pid)
{
	struct member *items = array_reserve(members->items, &members->capacity, members->count + 1, sizeof(*items));
	struct member member = {.pid = pid};

	if (items == NULL)
		return -ENOMEM;
	members->items = items;
	if (!read_name(&member))
		return -ESRCH;
	member.uid = read_uid(pid);
	member.user = user_name(member.uid);
	if (member.user == NULL)
		return -ENOMEM;
	read_command(&member);
	member.has_other_network = process_network(&(struct process){.pid = pid}) == NETWORK_OTHER;
	items[members->count++] = member;
	return 0;
}

int members_add_cgroup(struct members *members, const char *mount, const char *path)
{
	CLEANUP(freep) char *name = NULL;
	CLEANUP(fclosep) FILE *file = NULL;
	char line[32];
	uint32_t pid = 0;

	if (asprintf(&name, "%s%s/cgroup.procs", mount, path) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	file = fopen(name, "re");
	/* a process of another pid namespace is 0 */
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (members->count >= MEMBERS_MAX) {
			members->is_truncated = true;
			return 0;
		}
		if (number_behind(line, "", &pid) && pid != 0 && members_add(members, pid) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static int add_inode(struct inodes *inodes, uint32_t inode)
{
	uint32_t *items = array_reserve(inodes->items, &inodes->capacity, inodes->count + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	inodes->items = items;
	items[inodes->count++] = inode;
	return 0;
}

/* Returns 1 when the process may not be looked at. */
static int list_sockets(uint32_t pid, struct inodes *inodes)
{
	char path[PROC_PATH_SIZE];
	char link[PROC_PATH_SIZE];
	DIR *directory = NULL;
	const struct dirent *entry = NULL;
	int result = 0;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", pid);
	directory = opendir(path);
	if (directory == NULL)
		return errno == EACCES || errno == EPERM;
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, link, sizeof(link) - 1);
		uint32_t inode = 0;

		link[length > 0 ? length : 0] = '\0';
		if (number_behind(link, "socket:[", &inode))
			result = add_inode(inodes, inode);
	}
	closedir(directory);
	return result;
}

int members_list_sockets(const struct members *members, struct inodes *inodes, size_t *unknown)
{
	*unknown = 0;
	for (size_t i = 0; i < members->count; i++) {
		int result = list_sockets(members->items[i].pid, inodes);

		if (result < 0)
			return result;
		*unknown += (size_t)result;
	}
	inodes_sort(inodes);
	return 0;
}

void members_clear(struct members *members)
{
	for (size_t i = 0; i < members->count; i++)
		free(members->items[i].user);
	free(members->items);
	*members = (struct members){0};
}
