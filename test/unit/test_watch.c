/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * In whatever order cgroups come and go and events arrive, the watch ends up with the existing ones, and no element of
 * a living cgroup is ever removed. Everything is random, from its own generator, so every run is the same.
 */

#include "fake_cgroups.h"

#include <fcntl.h>

enum {
	LIVE_MAX = 150,
	ROUNDS = 150,
	LEAST_READ = 64, /* an event with the longest name that is used here */
};

static uint32_t random_state;

static uint32_t pick(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static bool is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strncmp(path, above, length) == 0 && (path[length] == '/' || path[length] == '\0');
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
		model->world->now += TOMBSTONE_GRACE / 2;
	else if (kind < 98)
		advance(model);
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

/* What could not be read is there the next time. */
static void test_reading_fails(void **state)
{
	struct model *model = model_new(CONFIG);

	(void)state;
	assert_true(make_directory("/p", 1));
	fake.read_failure = ENOMEM;
	assert_int_equal(read_some(model), 0);
	assert_null(find(model, "/p"));
	fake.read_failure = EINTR;
	assert_int_equal(read_some(model), 1);
	assert_non_null(find(model, "/p"));
	catch_up(model);
	model_free(model);
}

static uint64_t entered_id;
static size_t entered_count;

static void note_entered(struct cgroup *cgroup, void *userdata)
{
	(void)userdata;
	entered_id = cgroup->id;
	entered_count++;
}

/* What a write to a file of a cgroup is to inotify. */
static void write_to(const char *directory, const char *name)
{
	char full[PATH_SIZE + sizeof(fake.top)];
	char file[sizeof(full) + 32];
	int fd = -1;

	full_path(directory, full);
	snprintf(file, sizeof(file), "%s/%s", full, name);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1", 1), 1);
	close(fd);
	assert_int_equal(unlink(file), 0);
}

/* Whoever asks is told of processes that are moved into a cgroup. */
static void test_processes_enter(void **state)
{
	struct model *model = model_new(CONFIG);

	(void)state;
	model->watch.listener.entered = note_entered;
	assert_true(make_directory("/p", 1));
	catch_up(model);
	write_to("/p", "memory.max");
	catch_up(model);
	assert_int_equal(entered_count, 0);
	write_to("/p", "cgroup.procs");
	catch_up(model);
	assert_int_equal(entered_count, 1);
	assert_int_equal(entered_id, find(model, "/p")->id);
	write_to("/p", "cgroup.threads");
	catch_up(model);
	assert_int_equal(entered_count, 2);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_of_events),
		cmocka_unit_test(test_orders_of_events_without_watches),
		cmocka_unit_test(test_reading_fails),
		cmocka_unit_test(test_processes_enter),
	};

	/* what goes wrong here is meant to */
	setenv("LOG_LEVEL", "error", 1);
	log_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
