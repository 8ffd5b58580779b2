/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Overlapping intervals become ones that don't overlap, in which each key has the verdict of the first that had it. */

#include "random.h"
#include "unit.h"

#include "engine/intervals.h"

#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	KEYS = 256 * 256, /* of two bytes */
	ROUNDS = 3000,
	MOST = 40,
	VERDICTS = 3,
};

static uint32_t numbers;

static const struct verdict verdicts[VERDICTS] = {
	{.kind = VERDICT_RETURN},
	{.kind = VERDICT_GOTO, .chain = "one"},
	{.kind = VERDICT_GOTO, .chain = "two"},
};

static size_t key_of(const uint8_t *bytes, size_t size)
{
	return size == 1 ? bytes[0] : (size_t)bytes[0] << 8 | bytes[1];
}

static void write_key(uint8_t *bytes, size_t size, size_t key)
{
	bytes[size - 1] = (uint8_t)key;
	if (size == 2)
		bytes[0] = (uint8_t)(key >> 8);
}

/* Which of the verdicts a key has, or VERDICTS. */
static void paint_last_first(const struct interval *intervals, size_t count, size_t size, uint8_t *painted)
{
	memset(painted, VERDICTS, KEYS);
	for (size_t i = count; i > 0; i--) {
		const struct interval *interval = &intervals[i - 1];
		const size_t first = key_of(interval->first, size);
		const size_t last = key_of(interval->last, size);

		memset(painted + first, (int)(interval->verdict - verdicts), last - first + 1);
	}
}

static size_t pick(size_t keys, bool at_ends)
{
	if (at_ends && next_random(&numbers) % 4 == 0)
		return next_random(&numbers) % 2 == 0 ? 0 : keys - 1;
	return next_random(&numbers) % keys;
}

static struct interval any_interval(size_t size)
{
	const size_t keys = size == 1 ? 256 : KEYS;
	const size_t one = pick(keys, true);
	const size_t length = next_random(&numbers) % 3 == 0 ? 0 : pick(keys / 4, false);
	const size_t other = one + length < keys ? one + length : keys - 1;
	struct interval interval = {.verdict = &verdicts[next_random(&numbers) % VERDICTS]};

	write_key(interval.first, size, one);
	write_key(interval.last, size, other);
	return interval;
}

static void check_form(const struct interval *intervals, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		const size_t first = key_of(intervals[i].first, size);

		assert_true(first <= key_of(intervals[i].last, size));
		if (i == 0)
			continue;
		assert_true(key_of(intervals[i - 1].last, size) < first);
		if (key_of(intervals[i - 1].last, size) + 1 == first)
			assert_ptr_not_equal(intervals[i - 1].verdict, intervals[i].verdict);
	}
}

static void test_the_first_counts(void **state)
{
	static uint8_t wanted[KEYS];
	static uint8_t got[KEYS];

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		const size_t size = 1 + round % 2;
		size_t count = next_random(&numbers) % (MOST + 1);
		struct interval *intervals = calloc(count + 1, sizeof(*intervals));

		for (size_t i = 0; i < count; i++)
			intervals[i] = any_interval(size);
		paint_last_first(intervals, count, size, wanted);
		assert_int_equal(intervals_flatten(&intervals, &count, size), 0);
		check_form(intervals, count, size);
		paint_last_first(intervals, count, size, got);
		assert_memory_equal(got, wanted, KEYS);
		free(intervals);
	}
}

/* Takes a second at most if the time is not quadratic. */
static void test_many(void **state)
{
	enum { MANY = 200000 };
	struct interval *intervals = calloc(MANY, sizeof(*intervals));
	size_t count = MANY;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		const uint32_t first = htonl(16 * (MANY - i));
		const uint32_t last = htonl(16 * (MANY - i) + 40);

		memcpy(intervals[i].first, &first, sizeof(first));
		memcpy(intervals[i].last, &last, sizeof(last));
		intervals[i].verdict = &verdicts[i % 2];
	}
	assert_int_equal(intervals_flatten(&intervals, &count, sizeof(uint32_t)), 0);
	/* the first is whole, and each other one ends where the one before begins */
	assert_int_equal(count, MANY);
	free(intervals);
}

static void test_prefixes(void **state)
{
	const struct interval some = interval_of_prefix("lan", 3, IFNAMSIZ);
	const struct interval all = interval_of_prefix("", 0, IFNAMSIZ);

	(void)state;
	assert_memory_equal(some.first, "lan\0\0\0\0\0\0\0\0\0\0\0\0", IFNAMSIZ);
	assert_memory_equal(some.last, "lan\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", IFNAMSIZ);
	for (size_t i = 0; i < IFNAMSIZ; i++) {
		assert_int_equal(all.first[i], 0);
		assert_int_equal(all.last[i], 0xff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_counts),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
