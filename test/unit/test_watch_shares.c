/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Watches and scans are limited, and the parts of the tree share them. */

#include "fake_cgroups.h"

#include "cgroup/share.h"

static void read_all(struct model *model)
{
	while (read_some(model) > 0)
		;
}

static void make_many(const char *parent, const char *below, int count)
{
	char path[PATH_SIZE];

	for (int i = 0; i < count; i++) {
		uint32_t level = 0;

		snprintf(path, sizeof(path), "%s/%d%s", parent, i, below);
		for (const char *at = path; *at != '\0'; at++)
			level += *at == '/';
		assert_true(make_directory(path, level));
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

static void unwatch_all(struct model *model)
{
	for (struct cgroup *cgroup = model->watch.tree.root; cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		if (cgroup->watch != NO_WATCH)
			share_unwatch(&model->watch, cgroup);
	}
	fake.watches_left = 0;
}

/* One share's cgroups get their turn whatever another one has, and a scan takes no longer. */
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
	unwatch_all(model);
	look_at_unwatched(model);
	make_many("/mallory", "/p", MALLORYS);
	model->world->now += 2 * ROUND_PAUSE;
	for (int i = 0, found = 0, before = 0; i < 3; i++, before = found) {
		char below[8];

		/* in the middle of what is mallory's */
		assert_true(watch_look(&model->watch, model->world->now));
		found = count_found(model, "/mallory", "/p", MALLORYS);
		assert_true(found > before);
		assert_true(found <= (i * 2 + 1) * LOOKS);
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

/* However many children those have that are looked at, events are not kept waiting for all of them. */
static void test_a_look_lists_no_more_than_some_names(void **state)
{
	enum { PARENTS = 25, CHILDREN = 100, NAMES = 1000, LISTED_AT_A_TIME = 500 };
	struct model *model = model_new(CONFIG);
	char path[32];
	size_t known = 0;
	bool more = true;

	(void)state;
	assert_true(make_directory("/mallory", 1));
	make_many("/mallory", "", PARENTS);
	read_all(model);
	unwatch_all(model);
	look_at_unwatched(model);
	for (int i = 0; i < PARENTS; i++) {
		snprintf(path, sizeof(path), "/mallory/%d", i);
		make_many(path, "", CHILDREN);
	}
	known = model->watch.tree.count;
	model->world->now += 2 * ROUND_PAUSE;
	for (int looks = 0; more; looks++, known = model->watch.tree.count) {
		more = watch_look(&model->watch, model->world->now);
		assert_true(model->watch.tree.count - known < NAMES + LISTED_AT_A_TIME);
		assert_true(looks < PARENTS * CHILDREN);
	}
	assert_int_equal(model->watch.tree.count, fake.live_count);
	catch_up(model);
	model->world->tree = (struct cgroup_tree){0};
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watches_are_shared),
		cmocka_unit_test(test_looks_are_shared),
		cmocka_unit_test(test_a_look_lists_no_more_than_some_names),
	};

	/* what goes wrong here is meant to */
	setenv("LOG_LEVEL", "error", 1);
	log_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
