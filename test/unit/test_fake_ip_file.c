/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The relay's fake addresses after a restart or a crash, or with a file that is damaged. */

#include "random.h"
#include "unit.h"
#include "util/log.h"

#include "fake_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/cgtproxy-fake-ip-XXXXXX";
static char path[sizeof(directory) + 16];

/* What was logged last, without the path, and how often. */
static char logged[512];
static size_t log_count;

static void take_message(int priority, const char *message, void *data)
{
	const char *found = strstr(message, path);

	(void)priority;
	(void)data;
	log_count++;
	if (found != NULL)
		snprintf(logged, sizeof(logged), "%.*sFILE%s", (int)(found - message), message, found + strlen(path));
}

static int make_directory(void **state)
{
	(void)state;
	log_redirect(take_message, NULL);
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/names", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static int remove_file(void **state)
{
	(void)state;
	log_count = 0;
	logged[0] = '\0';
	unlink(path);
	rmdir(path);
	return 0;
}

static void write_file(const char *text, size_t length)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
}

/* Puts the file's text, which has at most @size - 1 bytes, into a buffer. */
static void read_file(char *text, size_t size)
{
	FILE *in = fopen(path, "r");
	size_t length = 0;

	assert_non_null(in);
	length = fread(text, 1, size - 1, in);
	text[length] = '\0';
	assert_true(feof(in));
	fclose(in);
}

static void test_restart(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(3, path, start);
	struct stat status;

	take(map, "a.example", start);
	take(map, "b.example", start + second);
	take(map, "c.example", start + 2 * second);
	take(map, "a.example", start + 3 * second);
	fake_ip_hold(map, take(map, "b.example", start + 4 * second), start + 4 * second);
	fake_ip_free(map, start + 5 * second);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);

	/* the machine was restarted as well, so that its clock began anew */
	map = open_map(3, path, 20 * second);
	assert_int_equal(fake_ip_count(map), 3);
	assert_string_equal(name_at(map, "198.18.0.1"), "a.example");
	assert_string_equal(name_at(map, "198.18.0.2"), "b.example");
	assert_string_equal(name_at(map, "fc00::3"), "c.example");
	assert_busy(map, "d.example", 20 * second);
	assert_address(map, take(map, "d.example", 2 * FAKE_IP_LEASE), "198.18.0.3");
	assert_address(map, take(map, "e.example", 2 * FAKE_IP_LEASE), "198.18.0.1");
	fake_ip_free(map, start);
}

/*
 * Names that were used long before the restart make room after it, although the machine runs for a short time only.
 * That of the last use may be recorded up to half a lease too early.
 */
static void test_age_outlives_the_restart(void **state)
{
	(void)state;
	const long long lease = (long long)(FAKE_IP_LEASE / USEC_PER_SEC);
	const long long now = (long long)time(NULL);
	char text[256];
	struct fake_ip *map = NULL;
	const int length = snprintf(text, sizeof(text),
				    "cgtproxy fake-ip 1 198.18.0.0/15 fc00::/18\n0 %lld a\n1 %lld b\n2 %lld c\n",
				    now - 86400, now - lease - lease * 2 / 3, now - lease - lease / 3);

	write_file(text, (size_t)length);
	map = open_map(3, path, second);
	assert_address(map, take(map, "d", second), "198.18.0.1");
	assert_address(map, take(map, "e", second), "198.18.0.2");
	assert_busy(map, "f", second);
	assert_string_equal(name_at(map, "198.18.0.3"), "c");
	fake_ip_free(map, second);
}

/* What was answered before a crash is known after it. */
static void test_crash(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(2, path, start);
	struct fake_ip *after = NULL;
	const uint64_t later = start + 2 * FAKE_IP_LEASE;

	take(map, "a", start);
	take(map, "b", start);
	take(map, "b", later);
	take(map, "c", later);
	after = open_map(2, path, later);
	assert_string_equal(name_at(after, "198.18.0.1"), "c");
	assert_string_equal(name_at(after, "198.18.0.2"), "b");
	assert_int_equal(fake_ip_count(after), 2);
	fake_ip_free(after, later);
	fake_ip_free(map, later);
}

/* A name that is used all the time is known to be so after a crash, but that is not written each time. */
static void test_use_is_recorded(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(1, path, start);
	struct stat before;
	struct stat status;
	uint64_t now = start;
	struct fake_ip *after = NULL;

	take(map, "a", now);
	assert_int_equal(stat(path, &before), 0);
	for (size_t i = 0; i < 100; i++)
		take(map, "a", now + i * second);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, before.st_size);
	for (now = start; now < start + 4 * FAKE_IP_LEASE; now += 10 * second)
		take(map, "a", now);
	assert_int_equal(stat(path, &status), 0);
	assert_within(status.st_size, before.st_size + 1, before.st_size + 250);
	after = open_map(1, path, now);
	assert_busy(after, "b", now);
	fake_ip_free(after, now);
	fake_ip_free(map, now);
}

static void test_the_file_stays_small(void **state)
{
	(void)state;
	struct fake_ip *map = open_map(2, path, start);
	uint64_t now = start;
	char name[32];
	struct stat status;
	off_t largest = 0;

	for (unsigned i = 0; i < 5000; i++) {
		now += FAKE_IP_LEASE;
		snprintf(name, sizeof(name), "name-%u", i);
		take(map, name, now);
		assert_int_equal(stat(path, &status), 0);
		if (status.st_size > largest)
			largest = status.st_size;
	}
	assert_within(largest, 1000, 1100 * 40);
	fake_ip_free(map, now);
	assert_int_equal(stat(path, &status), 0);
	assert_within(status.st_size, 50, 150);
}

static const char damaged[] = "cgtproxy fake-ip 1 198.18.0.0/15 fc00::/18\n"
			      "0 100 a\n"
			      "\n"
			      "garbage\n"
			      "-1 100 b\n"
			      "1 -100 b\n"
			      "1 100 UPPER\n"
			      "1 100 two words\n"
			      "1 100 \n"
			      "1  100 b\n"
			      "9 100 too-high\n"
			      "4294967296 100 b\n"
			      "1 99999999999999999999 b\n"
			      "1 100 nul\0byte\n"
			      "1 100 right\r\n"
			      "2 9223372036854775807 far.future\n"
			      "3 100 c\n"
			      "3 101 d\n"
			      "1 100 tor";

static void test_damage(void **state)
{
	(void)state;
	struct fake_ip *map = NULL;

	write_file(damaged, sizeof(damaged) - 1);
	map = open_map(4, path, start);
	assert_int_equal(fake_ip_count(map), 3);
	assert_string_equal(name_at(map, "198.18.0.1"), "a");
	assert_string_equal(name_at(map, "198.18.0.3"), "far.future");
	assert_string_equal(name_at(map, "198.18.0.4"), "d");
	assert_string_equal(logged, "14 of 18 lines of FILE are damaged and were ignored");
	assert_address(map, take(map, "torn", start), "198.18.0.2");
	fake_ip_free(map, start);
	map = open_map(4, path, start);
	assert_int_equal(fake_ip_count(map), 4);
	assert_string_equal(name_at(map, "198.18.0.2"), "torn");
	fake_ip_free(map, start);
}

/* Each line replaces what earlier ones say about its name and its number. */
static void test_later_lines_replace_earlier_ones(void **state)
{
	(void)state;
	static const char lines[] = "cgtproxy fake-ip 1 198.18.0.0/15 fc00::/18\n"
				    "0 100 a\n1 100 b\n2 100 a\n1 100 c\n3 100 d\n3 100 d\n";
	struct fake_ip *map = NULL;

	write_file(lines, strlen(lines));
	map = open_map(4, path, start);
	assert_int_equal(fake_ip_count(map), 3);
	assert_string_equal(name_at(map, "198.18.0.1"), "");
	assert_string_equal(name_at(map, "198.18.0.2"), "c");
	assert_string_equal(name_at(map, "198.18.0.3"), "a");
	assert_string_equal(name_at(map, "198.18.0.4"), "d");
	assert_address(map, take(map, "b", start), "198.18.0.1");
	assert_int_equal(log_count, 0);
	fake_ip_free(map, start);
}

static void test_lines_of_any_length(void **state)
{
	(void)state;
	const size_t length = 100000;
	char *text = malloc(length);
	struct fake_ip *map = NULL;
	int heading = 0;

	assert_non_null(text);
	for (size_t tail = 0; tail < 700; tail += 23) {
		memset(text, 'x', length);
		heading = snprintf(text, length, "cgtproxy fake-ip 1 198.18.0.0/15 fc00::/18\n0 1 a\n1 1 ");
		text[heading] = 'y';
		/* whatever the pieces are in which it is read, none of this is a line */
		for (size_t i = length - 840 + tail; i < length - 700 + tail; i++)
			text[i] = "1 1 abc"[i % 7];
		for (size_t i = 0; i < 7; i++)
			text[length - 700 + tail + i] = "\n1 1 b\n"[i];
		write_file(text, length - 700 + tail + 7);
		map = open_map(4, path, start);
		assert_int_equal(fake_ip_count(map), 2);
		assert_string_equal(name_at(map, "198.18.0.2"), "b");
		assert_string_equal(logged, "1 of 3 lines of FILE are damaged and were ignored");
		fake_ip_free(map, start);
	}
	free(text);
}

/* Whatever a file has: bytes changed, and cut off anywhere. */
static void test_random_damage(void **state)
{
	(void)state;
	char text[sizeof(damaged)];
	uint32_t random = 1;

	for (size_t i = 0; i < 100; i++) {
		struct fake_ip *map = NULL;

		memcpy(text, damaged, sizeof(damaged));
		for (size_t j = 0; j < i % 5; j++)
			text[next_random(&random) % sizeof(damaged)] = (char)next_random(&random);
		write_file(text, next_random(&random) % sizeof(damaged));
		map = open_map(4, path, start);
		assert_within(fake_ip_count(map), 0, 4);
		fake_ip_free(map, start);
	}
}

static void test_other_networks(void **state)
{
	(void)state;
	static const char other[] = "cgtproxy fake-ip 1 198.18.0.0/16 fc00::/18\n0 100 a\n";
	struct fake_ip *map = NULL;
	char text[256];

	write_file(other, strlen(other));
	map = open_map(4, path, start);
	assert_int_equal(fake_ip_count(map), 0);
	fake_ip_free(map, start);
	read_file(text, sizeof(text));
	assert_string_equal(text, "cgtproxy fake-ip 1 198.18.0.0/15 fc00::/18\n");
	assert_string_equal(logged, "FILE is damaged, or for other networks, and is written anew; fake addresses that "
				    "clients remember are not known any more");
}

/* A file that can't be read or written is done without. */
static void test_no_file(void **state)
{
	(void)state;
	char text[256];
	struct fake_ip *map = NULL;

	assert_int_equal(mkdir(path, 0700), 0);
	map = open_map(4, path, start);
	assert_address(map, take(map, "a", start), "198.18.0.1");
	assert_int_equal(log_count, 2); /* that it can't be read, and that it can't be written */
	assert_string_equal(logged, "the names of fake addresses can't be kept in FILE (Is a directory); after a "
				    "restart, clients may connect to addresses that are not known any more");
	take(map, "a", start + 61 * second);
	take(map, "z", start + 61 * second);
	assert_int_equal(log_count, 2);
	assert_int_equal(rmdir(path), 0);
	assert_address(map, take(map, "b", start + 62 * second), "198.18.0.3");
	assert_int_equal(access(path, F_OK), -1);
	/* after a while, it is tried again */
	assert_address(map, take(map, "c", start + 122 * second), "198.18.0.4");
	assert_string_equal(logged, "the names of fake addresses are kept in FILE again");
	assert_int_equal(log_count, 3);
	read_file(text, sizeof(text));
	assert_non_null(strstr(text, " a\n"));
	assert_non_null(strstr(text, " c\n"));
	fake_ip_free(map, start + 122 * second);
	map = open_map(4, path, start);
	assert_int_equal(fake_ip_count(map), 4);
	fake_ip_free(map, start);
}

/* As many names as there are addresses, many times, against a simple model: no address changes within its lease. */
static void test_storm(void **state)
{
	(void)state;
	enum { NAMES = 64, TEXTS = 200 };
	struct fake_ip *map = open_map(NAMES, path, start);
	uint32_t random = 3;
	uint64_t now = start;
	uint64_t used[TEXTS] = {0};
	uint32_t indexes[TEXTS] = {0};

	for (size_t i = 0; i < 20000; i++) {
		const size_t number = next_random(&random) % TEXTS;
		struct fake_name *name = NULL;
		char text[16];
		int result = 0;

		now += next_random(&random) % (20 * second);
		if (i % 5000 == 4999) {
			fake_ip_free(map, now);
			map = open_map(NAMES, path, now);
		}
		snprintf(text, sizeof(text), "name-%zu", number);
		result = fake_ip_take(map, text, now, &name);
		if (result == -EBUSY)
			continue;
		assert_int_equal(result, 0);
		if (used[number] != 0 && now - used[number] < FAKE_IP_LEASE)
			assert_int_equal(name->index, indexes[number]);
		for (size_t other = 0; other < TEXTS; other++)
			assert_true(other == number || used[other] == 0 || indexes[other] != name->index ||
				    now - used[other] >= FAKE_IP_LEASE);
		used[number] = now;
		indexes[number] = name->index;
	}
	assert_int_equal(fake_ip_count(map), NAMES);
	fake_ip_free(map, now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_restart, remove_file),
		cmocka_unit_test_teardown(test_age_outlives_the_restart, remove_file),
		cmocka_unit_test_teardown(test_crash, remove_file),
		cmocka_unit_test_teardown(test_use_is_recorded, remove_file),
		cmocka_unit_test_teardown(test_the_file_stays_small, remove_file),
		cmocka_unit_test_teardown(test_damage, remove_file),
		cmocka_unit_test_teardown(test_later_lines_replace_earlier_ones, remove_file),
		cmocka_unit_test_teardown(test_lines_of_any_length, remove_file),
		cmocka_unit_test_teardown(test_random_damage, remove_file),
		cmocka_unit_test_teardown(test_other_networks, remove_file),
		cmocka_unit_test_teardown(test_no_file, remove_file),
		cmocka_unit_test_teardown(test_storm, remove_file),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
