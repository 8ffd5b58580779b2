/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_DESKTOP_H
#define CGTPROXY_TEST_UNIT_DESKTOP_H

/* A made-up machine: its cgroups, its users and their homes, its .desktop files and units. */

#include "unit.h"

#include "desktop/entries.h"
#include "inspect/index.h"

#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SESSION "/user.slice/user-1000.slice"
#define MANAGER SESSION "/user@1000.service"
#define APPS MANAGER "/app.slice"
#define BOBS "/user.slice/user-1001.slice/user@1001.service/app.slice"
#define UUID "-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10.scope"

static struct {
	char top[64];		    /* a directory of this test's */
	const char *const *cgroups; /* ends with NULL */
	const char *const *units;   /* paths of files that exist; ends with NULL */
	uint32_t fsuid;		    /* whose rights are taken now */
	uint32_t fsgid;
	gid_t groups[8]; /* supplementary ones */
	size_t group_count;
	bool may_take_rights;
} machine;

static void machine_path(char *path, const char *rest)
{
	snprintf(path, 512, "%s%s", machine.top, rest);
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

/* A file below the machine's top. */
static void put_bytes(const char *rest, const char *text, size_t length)
{
	char path[512];
	FILE *file = NULL;

	machine_path(path, rest);
	make_directories(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	fclose(file);
}

#define ENTRY "[Desktop Entry]\nType=Application\nName="

/* A .desktop file. @more: what comes behind "Name=" */
static void put_entry(const char *rest, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text), ENTRY "%s\n", more);
	put_bytes(rest, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int machine_begin(void **state)
{
	char directories[256];

	(void)state;
	memset(&machine, 0, sizeof(machine));
	strcpy(machine.top, "/tmp/cgtproxy-desktop-XXXXXX");
	machine.may_take_rights = true;
	assert_non_null(mkdtemp(machine.top));
	snprintf(directories, sizeof(directories), "%s/first:relative:%s/second::", machine.top, machine.top);
	setenv("XDG_DATA_DIRS", directories, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("LANGUAGE");
	return 0;
}

static int machine_end(void **state)
{
	(void)state;
	return nftw(machine.top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int __wrap_cgroup_index_read(struct cgroup_index *index, const char *configured, struct error *error);
int __real_cgroup_index_read(struct cgroup_index *index, const char *configured, struct error *error);

static int compare_cgroup_ids(const void *left, const void *right)
{
	const struct cgroup *a = *(const struct cgroup *const *)left;
	const struct cgroup *b = *(const struct cgroup *const *)right;

	return (a->id > b->id) - (a->id < b->id);
}

/* Parents are made with their children; ids are as scattered as they may be. */
int __wrap_cgroup_index_read(struct cgroup_index *index, const char *configured, struct error *error)
{
	static const uint64_t factor = 7919;
	uint64_t next = 1;

	(void)configured;
	(void)error;
	assert_int_equal(cgroup_tree_init(&index->tree, factor), 0);
	for (const char *const *path = machine.cgroups; *path != NULL; path++) {
		struct cgroup *parent = index->tree.root;
		char copy[512];

		strcpy(copy, *path);
		for (char *name = strtok(copy, "/"); name != NULL; name = strtok(NULL, "/")) {
			struct cgroup *child = cgroup_child(&index->tree, parent, name);

			parent = child != NULL ? child
					       : cgroup_add(&index->tree, parent, name, ++next * factor % 104729);
			assert_non_null(parent);
		}
	}
	index->by_id = calloc(index->tree.count + 1, sizeof(struct cgroup *));
	for (struct cgroup *cgroup = index->tree.root; cgroup != NULL; cgroup = cgroup_next(cgroup))
		index->by_id[index->count++] = cgroup;
	qsort(index->by_id, index->count, sizeof(struct cgroup *), compare_cgroup_ids);
	return 0;
}

static const struct {
	const char *name;
	uint32_t uid;
} users[] = {{"root", 0}, {"daemon", 1}, {"alice", 1000}, {"bob", 1001}, {"firefox", 1002}};

static int give_user(size_t i, struct passwd *entry, struct passwd **result)
{
	static char home[128];

	snprintf(home, sizeof(home), "%s/home/%s", machine.top, users[i].name);
	*entry = (struct passwd){.pw_name = (char *)(uintptr_t)users[i].name,
				 .pw_uid = users[i].uid,
				 .pw_gid = users[i].uid,
				 .pw_dir = home};
	*result = entry;
	return 0;
}

int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **result);
int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **result);

int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **result)
{
	(void)buffer;
	(void)size;
	*result = NULL;
	for (size_t i = 0; i < COUNT(users); i++) {
		if (strcmp(users[i].name, name) == 0)
			return give_user(i, entry, result);
	}
	return 0;
}

int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **result)
{
	(void)buffer;
	(void)size;
	*result = NULL;
	for (size_t i = 0; i < COUNT(users); i++) {
		if (users[i].uid == uid)
			return give_user(i, entry, result);
	}
	return 0;
}

int __wrap_setfsuid(uid_t uid);
int __wrap_setfsgid(gid_t gid);

int __wrap_setfsuid(uid_t uid)
{
	const uint32_t before = machine.fsuid;

	if (uid != (uid_t)-1 && machine.may_take_rights)
		machine.fsuid = uid;
	return (int)before;
}

int __wrap_setfsgid(gid_t gid)
{
	const uint32_t before = machine.fsgid;

	if (gid != (gid_t)-1 && machine.may_take_rights)
		machine.fsgid = gid;
	return (int)before;
}

uid_t __wrap_geteuid(void);
int __wrap_getgroups(int size, gid_t *groups);
int __wrap_setgroups(size_t count, const gid_t *groups);

uid_t __wrap_geteuid(void)
{
	return 0;
}

int __wrap_getgroups(int size, gid_t *groups)
{
	assert_true((size_t)size >= machine.group_count);
	memcpy(groups, machine.groups, machine.group_count * sizeof(*groups));
	return (int)machine.group_count;
}

int __wrap_setgroups(size_t count, const gid_t *groups)
{
	assert_true(count <= COUNT(machine.groups));
	memcpy(machine.groups, groups, count * sizeof(*groups));
	machine.group_count = count;
	return 0;
}

/* what the C library calls lstat() depends on the size of its offsets */
int __wrap_lstat(const char *path, struct stat *status);
int __wrap_lstat64(const char *path, struct stat *status);

int __wrap_lstat(const char *path, struct stat *status)
{
	(void)status;
	if (strncmp(path, machine.top, strlen(machine.top)) == 0)
		path += strlen(machine.top);
	for (const char *const *unit = machine.units; unit != NULL && *unit != NULL; unit++) {
		if (strcmp(*unit, path) == 0)
			return 0;
	}
	errno = ENOENT;
	return -1;
}

int __wrap_lstat64(const char *path, struct stat *status)
{
	return __wrap_lstat(path, status);
}

#endif
