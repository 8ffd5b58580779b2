/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Nested prefixes are put into layers without overlaps, whose order decides as that of the prefixes did. */

#include "random.h"
#include "unit.h"

#include "engine/layers.h"

#include <stdlib.h>

enum {
	SIZE = 3, /* of a key, whose bytes are letters */
	LETTERS = 3,
	KEYS = LETTERS * LETTERS * LETTERS,
	ROUNDS = 20000,
	MOST = 12,
	VERDICTS = 3,
};

static uint32_t numbers;

static const struct verdict verdicts[VERDICTS] = {
	{.kind = VERDICT_RETURN},
	{.kind = VERDICT_GOTO, .chain = "one"},
	{.kind = VERDICT_GOTO, .chain = "two"},
};

static void write_key(size_t number, uint8_t *key)
{
	for (size_t i = SIZE; i > 0; i--) {
		key[i - 1] = (uint8_t)('a' + number % LETTERS);
		number /= LETTERS;
	}
}

static bool has_key(const struct interval *interval, const uint8_t *key)
{
	return memcmp(interval->first, key, SIZE) <= 0 && memcmp(key, interval->last, SIZE) <= 0;
}

static const struct verdict *first_that_has(const struct interval *intervals, size_t count, const uint8_t *key)
{
	for (size_t i = 0; i < count; i++) {
		if (has_key(&intervals[i], key))
			return intervals[i].verdict;
	}
	return NULL;
}

/* Also checks that only one in a layer has it. */
static const struct verdict *first_layer_that_has(const struct interval *intervals, size_t count, const size_t *layers,
						  const uint8_t *key)
{
	const struct verdict *found = NULL;

	for (size_t layer = 0; layer <= SIZE && found == NULL; layer++) {
		for (size_t i = 0; i < count; i++) {
			if (layers[i] != layer || !has_key(&intervals[i], key))
				continue;
			assert_null(found);
			found = intervals[i].verdict;
		}
	}
	return found;
}

static struct interval any_prefix(void)
{
	uint8_t key[SIZE];
	struct interval interval;

	write_key(next_random(&numbers) % KEYS, key);
	interval = interval_of_prefix(key, next_random(&numbers) % (SIZE + 1), SIZE);
	interval.verdict = &verdicts[next_random(&numbers) % VERDICTS];
	return interval;
}

static void test_the_first_counts(void **state)
{
	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct interval before[MOST];
		struct interval intervals[MOST];
		size_t layers[MOST];
		const size_t given = next_random(&numbers) % (MOST + 1);
		size_t count = given;

		for (size_t i = 0; i < given; i++)
			before[i] = intervals[i] = any_prefix();
		assert_int_equal(layers_make(intervals, &count, SIZE, layers), 0);
		assert_true(count <= given);
		for (size_t i = 0; i < KEYS; i++) {
			uint8_t key[SIZE];

			write_key(i, key);
			assert_ptr_equal(first_layer_that_has(intervals, count, layers, key),
					 first_that_has(before, given, key));
		}
	}
}

static struct interval prefix(const char *text, size_t verdict)
{
	struct interval interval = interval_of_prefix(text, strlen(text), SIZE);

	interval.verdict = &verdicts[verdict];
	return interval;
}

/* As few lookups as possible. */
static void test_few_layers(void **state)
{
	struct interval intervals[] = {
		prefix("aaa", 0), prefix("aa", 1),  prefix("bbb", 0),
		prefix("bb", 1),  prefix("ccc", 1), prefix("cc", 1), /* no difference */
		prefix("bba", 0),				     /* never reached */
		prefix("aa", 2),				     /* likewise */
	};
	size_t layers[COUNT(intervals)];
	size_t count = COUNT(intervals);

	(void)state;
	assert_int_equal(layers_make(intervals, &count, SIZE, layers), 0);
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++) {
		const bool is_whole = memcmp(intervals[i].first, intervals[i].last, SIZE) == 0;

		assert_int_equal(layers[i], is_whole || intervals[i].first[0] == 'c' ? 0 : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_counts),
		cmocka_unit_test(test_few_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
