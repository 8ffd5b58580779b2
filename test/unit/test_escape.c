/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Users choose cgroup names, and root sees them: they must not control a terminal or a log. */

#include "unit.h"

#include "util/escape.h"

#include <unistr.h>

struct example {
	const char *text;
	const char *shown;
};

static void check_examples(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char out[256];

		assert_ptr_equal(escape(out, sizeof(out), examples[i].text, strlen(examples[i].text)), out);
		assert_string_equal(out, examples[i].shown);
	}
}

static void test_text_stays(void **state)
{
	static const char *const texts[] = {
		"",
		"/system.slice/docker.service",
		"a b  c",
		"!\"#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~",
		"/用户/微信.scope",
		"/é/ñ/Ж/ع/한/ไทย",
		"e\xcc\x81",	    /* a combining mark */
		"\xf0\x9f\x9a\x80", /* a symbol beyond the first plane */
		"\xef\xbf\xbd",	    /* U+FFFD is a symbol */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		check_examples(&(struct example){texts[i], texts[i]}, 1);
}

static void test_what_steers_is_escaped(void **state)
{
	static const struct example examples[] = {
		{"\\", "\\x5c"},
		{"app-a\\x2db.scope", "app-a\\x5cx2db.scope"},
		{"a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"},
		{"\x01\x1f\x7f", "\\x01\\x1f\\x7f"},
		{"\x1b[31mred\x1b]0;title\a", "\\x1b[31mred\\x1b]0;title\\x07"},
		{"\xc2\x9b"
		 "2J",
		 "\\xc2\\x9b2J"},	    /* CSI, a C1 control */
		{"\xc2\x85", "\\xc2\\x85"}, /* NEL, another, that ends a line */
		{"\xc2\xa0", "\\xc2\\xa0"}, /* no-break space */
		{"\xc2\xad", "\\xc2\\xad"}, /* soft hyphen */
		/* NOLINTNEXTLINE(misc-misleading-bidirectional): this is what must not mislead */
		{"a\xe2\x80\xae"
		 "b",
		 "a\\xe2\\x80\\xaeb"}, /* U+202E, right-to-left override */
		/* NOLINTNEXTLINE(misc-misleading-bidirectional): likewise */
		{"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},	      /* U+2066, left-to-right isolate */
		{"\xe2\x80\x8f", "\\xe2\\x80\\x8f"},	      /* U+200F, right-to-left mark */
		{"\xe2\x80\x8b", "\\xe2\\x80\\x8b"},	      /* U+200B, zero width space */
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},	      /* U+2028, line separator */
		{"\xe2\x80\xa9", "\\xe2\\x80\\xa9"},	      /* U+2029, paragraph separator */
		{"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},	      /* U+FEFF, byte order mark */
		{"\xe3\x80\x80", "\\xe3\\x80\\x80"},	      /* U+3000, ideographic space */
		{"\xee\x80\x80", "\\xee\\x80\\x80"},	      /* U+E000, private use */
		{"\xef\xbf\xbf", "\\xef\\xbf\\xbf"},	      /* U+FFFF, no character */
		{"\xf3\xa0\x80\xa0", "\\xf3\\xa0\\x80\\xa0"}, /* U+E0020, a tag, which is not seen */
		{"中\x1b文", "中\\x1b文"},
	};

	(void)state;
	check_examples(examples, COUNT(examples));
}

static void test_invalid_utf8_is_escaped(void **state)
{
	static const struct example examples[] = {
		{"\x80", "\\x80"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"a\xe4\xb8", "a\\xe4\\xb8"},		      /* ends too early */
		{"\xe4\xb8/", "\\xe4\\xb8/"},		      /* is broken off */
		{"\xc0\xaf", "\\xc0\\xaf"},		      /* a slash, too long */
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},	      /* even longer */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},	      /* a surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
		{"中\x80文", "中\\x80文"},
	};

	(void)state;
	check_examples(examples, COUNT(examples));
}

static void test_nul_is_escaped(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(escape(out, sizeof(out), "a\0b", 3), "a\\x00b");
}

/* The length counts, not what stands behind it. */
static void test_text_without_end(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(escape(out, sizeof(out), "中文", 3), "中");
	assert_string_equal(escape(out, sizeof(out), "中文", 5), "中\\xe6\\x96");
	assert_string_equal(escape(out, sizeof(out), "abc", 0), "");
}

static void test_longest_result_fits(void **state)
{
	char text[64];
	char out[ESCAPED_SIZE(sizeof(text))];

	(void)state;
	memset(text, '\\', sizeof(text));
	assert_int_equal(strlen(escape(out, sizeof(out), text, sizeof(text))), sizeof(out) - 1);
}

/* Whatever the room: a whole beginning of the full result, with no half character and no half escape at its end. */
static void test_cut_at_whole_characters(void **state)
{
	static const char text[] = "a中\x1b\xf0\x9f\x9a\x80\\\xff文z";
	static const char *const parts[] = {"a", "中", "\\x1b", "\xf0\x9f\x9a\x80", "\\x5c", "\\xff", "文", "z"};

	(void)state;
	for (size_t size = 1; size < 64; size++) {
		char out[64];
		char wanted[64] = "";
		size_t length = 0;

		for (size_t i = 0; i < COUNT(parts) && length + strlen(parts[i]) < size; i++) {
			memcpy(wanted + length, parts[i], strlen(parts[i]) + 1);
			length += strlen(parts[i]);
		}
		memset(out, '#', sizeof(out));
		escape(out, size, text, strlen(text));
		assert_string_equal(out, wanted);
		assert_null(u8_check((const uint8_t *)out, strlen(out)));
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
	}
}

static void test_size_of_one(void **state)
{
	char out[] = {'#', '#'};

	(void)state;
	assert_string_equal(escape(out, 1, "abc", 3), "");
	assert_int_equal(out[1], '#');
}

/* Every byte there is, alone: none that a terminal acts on comes through. */
static void test_every_byte(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		const char text = (char)byte;
		char out[8];
		char wanted[8];

		snprintf(wanted, sizeof(wanted), byte >= ' ' && byte < 0x7f && byte != '\\' ? "%c" : "\\x%02x", byte);
		assert_string_equal(escape(out, sizeof(out), &text, 1), wanted);
	}
}

/* For text that users compare with what they wrote, only backslashes are left alone. */
static void test_but_backslash(void **state)
{
	static const char text[] = "/app-a\\x2db.scope\x1b[31m\n\xff";
	char shown[ESCAPED_SIZE(sizeof(text))];

	(void)state;
	assert_string_equal(escape_but_backslash(shown, sizeof(shown), text, sizeof(text) - 1),
			    "/app-a\\x2db.scope\\x1b[31m\\x0a\\xff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_stays),
		cmocka_unit_test(test_what_steers_is_escaped),
		cmocka_unit_test(test_invalid_utf8_is_escaped),
		cmocka_unit_test(test_nul_is_escaped),
		cmocka_unit_test(test_text_without_end),
		cmocka_unit_test(test_longest_result_fits),
		cmocka_unit_test(test_cut_at_whole_characters),
		cmocka_unit_test(test_size_of_one),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_but_backslash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
