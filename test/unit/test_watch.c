/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Whatever the order in which cgroups come and go and the watch hears of it, it ends up with what there is, and no
 * element of a living cgroup is ever removed. Directories of tmpfs stand for cgroups; their ids, the watches that are
 * left, and how much of the queue is read at a time or lost are this file's. All is random, from a generator of its
 * own, so that each run is the same.
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
	LIVE_MAX = 150, /* of what is made at random */
	ROOM = 3000,
	DEPTH_MAX = 4,
	ROUNDS = 150,
	PATH_SIZE = 256,
	LEAST_READ = 64, /* an event with the longest name that is used here */
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
} fake;

static uint32_t random_state;

static uint32_t pick(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

int __wrap_cgroup_read_id(int fd, uint64_t *id);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_rm_watch(int fd, int descriptor);
int __real_inotify_rm_watch(int fd, int descriptor);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __real_read(int fd, void *buffer, size_t size);

/* Inode numbers may be used again, so the newest is meant. */
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
	if (fake.overflows) {
		struct inotify_event overflow = {.wd = -1, .mask = IN_Q_OVERFLOW};

		while (__real_read(fd, buffer, size) > 0)
			continue;
		fake.overflows = false;
		memcpy(buffer, &overflow, sizeof(overflow));
		return sizeof(overflow);
	}
	return __real_read(fd, buffer, fake.read_size != 0 ? fake.read_size : size);
}

static void note_directory(const char *path, uint64_t id)
{
	struct stat status;

	assert_true(id < IDS_MAX);
	assert_int_equal(stat(path, &status), 0);
	fake.inode_of[id] = status.st_ino;
	fake.is_alive[id] = true;
}

static void begin_fake(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.watches_left = SIZE_MAX;
	fake.next_id = ROOT_ID;
	snprintf(fake.top, sizeof(fake.top), "%s/cgtproxy-unit-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(fake.top));
	note_directory(fake.top, fake.next_id++);
}

static void full_path(const char *path, char *full)
{
	snprintf(full, PATH_SIZE + sizeof(fake.top), "%s%s", fake.top, path);
}

/* Returns whether there was none of that name. */
static bool make_directory(const char *path, uint32_t level)
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
static bool remove_directory(size_t index)
{
	char full[PATH_SIZE + sizeof(fake.top)];

	full_path(fake.live[index].path, full);
	if (rmdir(full) < 0)
		return false;
	fake.is_alive[fake.live[index].id] = false;
	fake.live[index] = fake.live[--fake.live_count];
	return true;
}

static bool is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strncmp(path, above, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void end_fake(void)
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

static int on_appeared(struct cgroup *cgroup, void *userdata)
{
	struct model *model = userdata;

	model->world->level_of[cgroup->id] = cgroup->level;
	model->world->next_id = fake.next_id;
	return plan_appeared(&model->world->plan, cgroup);
}

static void on_vanished(struct cgroup *cgroup, void *userdata)
{
	struct model *model = userdata;

	assert_false(fake.is_alive[cgroup->id]);
	plan_vanished(&model->world->plan, cgroup, model->world->now);
}

static struct model *model_new(const char *config)
{
	struct model *model = calloc(1, sizeof(*model));
	const struct watch_listener listener = {on_appeared, on_vanished, model};
	struct error error;

	assert_non_null(model);
	begin_fake();
	model->world = world_new(config);
	assert_int_equal(watch_open(&model->watch, fake.top, CGROUP_DEPTH_MAX, &listener, &error), 0);
	assert_int_equal(watch_walk(&model->watch, &error), 0);
	return model;
}

static void model_free(struct model *model)
{
	watch_close(&model->watch);
	world_free(model->world);
	free(model);
	end_fake();
}

static void make_one(void)
{
	static const char *const kinds[] = {"x", "p", "q", "drop", "direct"};
	uint32_t parent = pick((uint32_t)fake.live_count + 1);
	uint32_t level = parent == 0 ? 1 : fake.live[parent - 1].level + 1;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%.200s/%s", parent == 0 ? "" : fake.live[parent - 1].path,
		 kinds[pick(COUNT(kinds))]);
	if (level <= DEPTH_MAX && fake.live_count < LIVE_MAX)
		make_directory(path, level);
}

/* Removes one with all below it, and may make the same again: other cgroups of the same names. */
static void remake_one(bool again)
{
	struct live gone[LIVE_MAX];
	size_t count = 0;
	char top[PATH_SIZE];

	if (fake.live_count == 0)
		return;
	memcpy(top, fake.live[pick((uint32_t)fake.live_count)].path, sizeof(top));
	for (uint32_t level = DEPTH_MAX; level > 0; level--) {
		for (size_t i = fake.live_count; i > 0; i--) {
			if (fake.live[i - 1].level != level || !is_below(fake.live[i - 1].path, top))
				continue;
			gone[count++] = fake.live[i - 1];
			assert_true(remove_directory(i - 1));
		}
	}
	for (; again && count > 0; count--)
		make_directory(gone[count - 1].path, gone[count - 1].level);
}

static int read_some(struct model *model)
{
	struct error error;
	int result = watch_read(&model->watch, &error);

	assert_true(result >= 0);
	return result;
}

/* Never is the element of one that lives removed, however far behind the watch is. */
static void step(struct model *model)
{
	struct step next;

	take_censuses(model->world);
	next = changes(model->world);
	for (size_t i = 0; i < next.removed_count; i++)
		assert_false(fake.is_alive[next.removed[i].cgroup_id]);
	take_step(model->world);
}

static void look_at_unwatched(struct model *model)
{
	bool more = true;

	model->world->now += 2 * ROUND_PAUSE;
	while (more)
		more = watch_look(&model->watch, model->world->now);
}

static const struct cgroup *find(struct model *model, const char *path)
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

static void check_all(struct model *model)
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
	/* the tree is the watch's, and the world only looks at it */
	world->tree = model->watch.tree;
	world->next_id = fake.next_id;
	assert_kernel_is_everything(world);
}

static void catch_up(struct model *model)
{
	fake.read_size = 0;
	fake.overflows = false;
	while (read_some(model) > 0)
		continue;
	/* what has no watch is found by looking; whose parent was found only now, the next time */
	for (uint32_t level = 0; level <= DEPTH_MAX && model->watch.unwatched > 0; level++)
		look_at_unwatched(model);
	step(model);
	check_all(model);
}

static void one_event(struct model *model)
{
	uint32_t kind = pick(100);

	if (kind < 40)
		make_one();
	else if (kind < 50)
		remake_one(false);
	else if (kind < 70)
		remake_one(true);
	else if (kind < 90)
		read_some(model);
	else if (kind < 92)
		model->world->now += DEPARTED_GRACE / 2;
	else if (kind < 98)
		step(model);
	else if (kind == 98)
		fake.overflows = true;
	else
		look_at_unwatched(model);
}

static void run_model(const char *config, bool runs_out, uint32_t seed)
{
	struct model *model = NULL;

	random_state = seed;
	model = model_new(config);
	for (int i = 0; i < ROUNDS; i++) {
		fake.read_size = LEAST_READ + pick(4) * LEAST_READ;
		if (runs_out)
			fake.watches_left = pick(3) == 0 ? SIZE_MAX : pick(20);
		for (uint32_t events = pick(60); events > 0; events--)
			one_event(model);
		catch_up(model);
	}
	/* the watch forgot the world's tree */
	model->world->tree = (struct cgroup_tree){0};
	model_free(model);
}

static void test_orders_of_events(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 6; seed++)
		run_model(seed % 2 == 0 ? CONFIG : CONFIG "strict: true\n", false, seed);
}

static void test_orders_of_events_without_watches(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 6; seed++)
		run_model(seed % 2 == 0 ? CONFIG : CONFIG "strict: true\n", true, seed);
}

static void read_all(struct model *model)
{
	while (read_some(model) > 0)
		continue;
}

static void make_many(const char *parent, const char *below, int count)
{
	char path[PATH_SIZE];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%d%s", parent, i, below);
		assert_true(make_directory(path, below[0] == '\0' ? 2 : 3));
	}
}

static int count_found(struct model *model, const char *parent, const char *below, int count)
{
	char path[PATH_SIZE];
	int found = 0;

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%d%s", parent, i, below);
		found += find(model, path) != NULL;
	}
	return found;
}

static int count_watched(struct model *model, const char *parent, int count)
{
	char path[PATH_SIZE];
	int watched = 0;

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%d", parent, i);
		watched += find(model, path)->watch != NO_WATCH;
	}
	return watched;
}

/* Who has most watches gives some to whoever has fewer, and the system's slices always get theirs. */
static void test_watches_are_shared(void **state)
{
	enum { WATCHES = 60, MALLORYS = 100, ALICES = 20 };
	struct model *model = model_new(CONFIG);

	(void)state;
	fake.watches_left = WATCHES;
	assert_true(make_directory("/mallory", 1));
	make_many("/mallory", "", MALLORYS);
	read_all(model);
	assert_int_equal(fake.watches_left, 0);
	assert_int_equal(count_watched(model, "/mallory", MALLORYS), WATCHES - 1);
	assert_true(make_directory("/alice", 1));
	make_many("/alice", "", ALICES);
	read_all(model);
	assert_int_equal(count_watched(model, "/alice", ALICES), ALICES);
	assert_int_equal(count_watched(model, "/mallory", MALLORYS), WATCHES - 1 - ALICES - 1);
	/* what was there first stays watched */
	assert_true(find(model, "/mallory")->watch != NO_WATCH);
	assert_true(make_directory("/system.slice", 1));
	make_many("/system.slice", "", 1);
	read_all(model);
	assert_true(find(model, "/system.slice")->watch != NO_WATCH);
	assert_true(find(model, "/system.slice/0")->watch != NO_WATCH);
	/* and nobody takes from those who have no more than themselves */
	assert_true(make_directory("/bob", 1));
	make_many("/bob", "", MALLORYS);
	read_all(model);
	assert_true(count_watched(model, "/alice", ALICES) >= count_watched(model, "/bob", MALLORYS));
	assert_int_equal(fake.watches_left, 0);
	catch_up(model);
	model->world->tree = (struct cgroup_tree){0};
	model_free(model);
}

/* What one has finds its turn beside whatever another one has, and a look takes no longer for it. */
static void test_looks_are_shared(void **state)
{
	enum { MALLORYS = 1000, LOOKS = 256 };
	struct model *model = model_new(CONFIG);

	(void)state;
	assert_true(make_directory("/alice", 1));
	make_many("/alice", "", 1);
	read_all(model);
	assert_true(make_directory("/mallory", 1));
	make_many("/mallory", "", MALLORYS);
	read_all(model);
	assert_true(make_directory("/bob", 1));
	make_many("/bob", "", 1);
	fake.watches_left = 0;
	read_all(model);
	for (struct cgroup *cgroup = model->watch.tree.root; cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		if (cgroup->watch != NO_WATCH)
			share_unwatch(&model->watch, cgroup);
	}
	fake.watches_left = 0;
	look_at_unwatched(model);
	make_many("/mallory", "/p", MALLORYS);
	model->world->now += 2 * ROUND_PAUSE;
	for (int i = 0; i < 3; i++) {
		char below[8];

		/* in the middle of what is mallory's */
		assert_true(watch_look(&model->watch, model->world->now));
		assert_in_range(count_found(model, "/mallory", "/p", MALLORYS), 1, (i * 2 + 1) * LOOKS);
		snprintf(below, sizeof(below), "/p%d", i);
		make_many("/alice", below, 1);
		make_many("/bob", below, 1);
		model->world->now += 2 * ROUND_PAUSE;
		watch_look(&model->watch, model->world->now);
		assert_int_equal(count_found(model, "/alice", below, 1), 1);
		assert_int_equal(count_found(model, "/bob", below, 1), 1);
	}
	catch_up(model);
	model->world->tree = (struct cgroup_tree){0};
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_of_events),
		cmocka_unit_test(test_orders_of_events_without_watches),
		cmocka_unit_test(test_watches_are_shared),
		cmocka_unit_test(test_looks_are_shared),
	};

	/* what goes wrong here is meant to */
	setenv("LOG_LEVEL", "error", 1);
	log_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
