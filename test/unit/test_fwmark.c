/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "util/fwmark.h"

static void test_pairs(void **state)
{
	static const struct {
		struct fwmark left, right;
		bool overlaps, left_covers, right_covers;
	} pairs[] = {
		{{1, UINT32_MAX}, {1, UINT32_MAX}, true, true, true},
		{{1, UINT32_MAX}, {2, UINT32_MAX}, false, false, false},
		{{0x100, 0xf00}, {0x101, UINT32_MAX}, true, true, false},
		{{0x100, 0xf00}, {0x201, UINT32_MAX}, false, false, false},
		{{0x100, 0xf00}, {0x1, 0xf}, true, false, false},
		{{0x100, 0xf00}, {0x100, 0x300}, true, false, true},
		{{0, 0}, {0x100, 0xf00}, true, true, false}, /* of a rule that asks for no mark */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct fwmark *left = &pairs[i].left;
		const struct fwmark *right = &pairs[i].right;

		assert_int_equal(fwmark_overlaps(left, right), pairs[i].overlaps);
		assert_int_equal(fwmark_overlaps(right, left), pairs[i].overlaps);
		assert_int_equal(fwmark_covers(left, right), pairs[i].left_covers);
		assert_int_equal(fwmark_covers(right, left), pairs[i].right_covers);
		assert_int_equal(fwmark_equals(left, right), i == 0);
	}
	assert_false(fwmark_equals(&(struct fwmark){1, 1}, &(struct fwmark){1, 3}));
}

static void test_text(void **state)
{
	char text[FWMARK_TEXT_SIZE];

	(void)state;
	assert_string_equal(fwmark_text(&(struct fwmark){3000, UINT32_MAX}, text), "0xbb8");
	assert_string_equal(fwmark_text(&(struct fwmark){0x100, 0xf00}, text), "0x100/0xf00");
	assert_string_equal(fwmark_text(&(struct fwmark){0x90000000, 0xfffffffe}, text), "0x90000000/0xfffffffe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
