/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_FAKE_CGROUPS_H
#define CGTPROXY_TEST_UNIT_FAKE_CGROUPS_H

/*
 * A watch and a fake cgroup tree: directories on tmpfs stand for cgroups. This file replaces some calls (meson.build,
 * wrapped) to control ids, available watches, and how much of the queue is read at a time or lost.
 */

#include "world.h"

#include "cgroup/watch.h"
#include "util/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 4, /* of what a test makes */
	ROOM = 3000,
	PATH_SIZE = 256,
	ROOT_ID = 1,
};

#define ROUND_PAUSE UINT64_C(1000000)

struct live {
	char path[PATH_SIZE];
	uint64_t id;
	uint32_t level;
};

/* The kernel's side of it. */
static struct {
	char top[64];
	struct live live[ROOM];
	size_t live_count;
	ino_t inode_of[IDS_MAX];
	bool is_alive[IDS_MAX];
	uint64_t next_id;
	size_t watches_left;
	size_t read_size; /* 0: as much as is asked for */
	bool overflows;
	int read_failure; /* of the next read, an errno; 0: none */
} fake;

int __wrap_cgroup_read_id(int fd, uint64_t *id);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_rm_watch(int fd, int descriptor);
int __real_inotify_rm_watch(int fd, int descriptor);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __real_read(int fd, void *buffer, size_t size);

/* Inode numbers may be reused, so the newest one counts. */
int __wrap_cgroup_read_id(int fd, uint64_t *id)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	for (*id = fake.next_id - 1; *id > 0; (*id)--) {
		if (fake.inode_of[*id] == status.st_ino)
			return 0;
	}
	fail_msg("a directory that nobody made");
	return -ENOENT;
}

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (fake.watches_left == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (fake.watches_left != SIZE_MAX)
		fake.watches_left--;
	return __real_inotify_add_watch(fd, path, mask);
}

int __wrap_inotify_rm_watch(int fd, int descriptor)
{
	if (fake.watches_left != SIZE_MAX)
		fake.watches_left++;
	return __real_inotify_rm_watch(fd, descriptor);
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	errno = fake.read_failure;
	fake.read_failure = 0;
	if (errno != 0)
		return -1;
	if (fake.overflows) {
		struct inotify_event overflow = {.wd = -1, .mask = IN_Q_OVERFLOW};

		while (__real_read(fd, buffer, size) > 0)
			;
		fake.overflows = false;
		memcpy(buffer, &overflow, sizeof(overflow));
		return sizeof(overflow);
	}
	return __real_read(fd, buffer, fake.read_size != 0 ? fake.read_size : size);
}

static inline void note_directory(const char *path, uint64_t id)
{
	struct stat status;

	assert_true(id < IDS_MAX);
	assert_int_equal(stat(path, &status), 0);
	fake.inode_of[id] = status.st_ino;
	fake.is_alive[id] = true;
}

static inline void begin_fake(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.watches_left = SIZE_MAX;
	fake.next_id = ROOT_ID;
	snprintf(fake.top, sizeof(fake.top), "%s/cgtproxy-unit-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(fake.top));
	note_directory(fake.top, fake.next_id++);
}

static inline void full_path(const char *path, char *full)
{
	snprintf(full, PATH_SIZE + sizeof(fake.top), "%s%s", fake.top, path);
}

/* Returns whether there was none of that name. */
static inline bool make_directory(const char *path, uint32_t level)
{
	char full[PATH_SIZE + sizeof(fake.top)];
	struct live *live = &fake.live[fake.live_count];

	full_path(path, full);
	if (fake.live_count == ROOM || mkdir(full, 0700) < 0)
		return false;
	snprintf(live->path, sizeof(live->path), "%s", path);
	live->level = level;
	live->id = fake.next_id++;
	note_directory(full, live->id);
	fake.live_count++;
	return true;
}

/* Returns whether nothing was in it. */
static inline bool remove_directory(size_t index)
{
	char full[PATH_SIZE + sizeof(fake.top)];

	full_path(fake.live[index].path, full);
	if (rmdir(full) < 0)
		return false;
	fake.is_alive[fake.live[index].id] = false;
	fake.live[index] = fake.live[--fake.live_count];
	return true;
}

static inline void end_fake(void)
{
	while (fake.live_count > 0) {
		for (size_t i = fake.live_count; i > 0; i--)
			remove_directory(i - 1);
	}
	assert_int_equal(rmdir(fake.top), 0);
}

struct model {
	struct world *world;
	struct watch watch;
};

static inline int on_appeared(struct cgroup *cgroup, void *userdata)
{
	struct model *model = userdata;

	model->world->level_of[cgroup->id] = cgroup->level;
	model->world->next_id = fake.next_id;
	return plan_appeared(&model->world->plan, cgroup);
}

static inline void on_vanished(struct cgroup *cgroup, void *userdata)
{
	struct model *model = userdata;

	assert_false(fake.is_alive[cgroup->id]);
	plan_vanished(&model->world->plan, cgroup, model->world->now);
}

static inline struct model *model_new(const char *config)
{
	struct model *model = calloc(1, sizeof(*model));
	const struct watch_listener listener = {on_appeared, on_vanished, model};
	struct error error;

	assert_non_null(model);
	begin_fake();
	model->world = world_new(config);
	/* the tree belongs to the watch; the world only reads it */
	cgroup_tree_clear(&model->world->tree);
	model->world->tree = (struct cgroup_tree){0};
	assert_int_equal(watch_open(&model->watch, fake.top, CGROUP_DEPTH_MAX, &listener, &error), 0);
	assert_int_equal(watch_walk(&model->watch, &error), 0);
	return model;
}

static inline void model_free(struct model *model)
{
	watch_close(&model->watch);
	model->world->tree = (struct cgroup_tree){0};
	world_free(model->world);
	free(model);
	end_fake();
}

static inline int read_some(struct model *model)
{
	struct error error;
	int result = watch_read(&model->watch, &error);

	assert_true(result >= 0);
	return result;
}

/* The element of a living cgroup is never removed, however far the watch lags. */
static inline void advance(struct model *model)
{
	struct step next;

	take_censuses(model->world);
	next = changes(model->world);
	for (size_t i = 0; i < next.removed_count; i++)
		assert_false(fake.is_alive[next.removed[i].cgroup_id]);
	take_step(model->world);
}

static inline void look_at_unwatched(struct model *model)
{
	bool more = true;

	model->world->now += 2 * ROUND_PAUSE;
	while (more)
		more = watch_look(&model->watch, model->world->now);
}

static inline const struct cgroup *find(struct model *model, const char *path)
{
	struct cgroup *cgroup = model->watch.tree.root;
	char copy[PATH_SIZE];
	char *rest = copy;
	const char *name = NULL;

	snprintf(copy, sizeof(copy), "%s", path + 1);
	while (cgroup != NULL && (name = strsep(&rest, "/")) != NULL)
		cgroup = cgroup_child(&model->watch.tree, cgroup, name);
	return cgroup;
}

static inline void check_all(struct model *model)
{
	struct world *world = model->world;

	assert_int_equal(model->watch.tree.count, fake.live_count);
	for (size_t i = 0; i < fake.live_count; i++) {
		const struct cgroup *cgroup = find(model, fake.live[i].path);

		assert_non_null(cgroup);
		assert_int_equal(cgroup->id, fake.live[i].id);
		assert_ptr_equal(world->kernel[cgroup->id],
				 plan_has_element(&world->plan, cgroup) ? plan_verdict(&world->plan, cgroup) : NULL);
	}
	world->tree = model->watch.tree;
	world->next_id = fake.next_id;
	assert_kernel_is_everything(world);
}

static inline void catch_up(struct model *model)
{
	fake.read_size = 0;
	fake.overflows = false;
	while (read_some(model) > 0)
		;
	/* cgroups without a watch are found by scanning; those whose parent is found only now, next time */
	for (uint32_t level = 0; level <= DEPTH_MAX && model->watch.unwatched > 0; level++)
		look_at_unwatched(model);
	advance(model);
	check_all(model);
}

#endif
