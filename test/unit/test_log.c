/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages without fields, on a standard error that is connected to the journal and on one that isn't. */

#include "unit.h"

#include "util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Standard error leads to a file while a test runs; what cmocka has to say comes later. */
struct capture {
	int file;
	int before;
	char text[32768];
};

static void begin(struct capture *capture, bool journal)
{
	char stream[64];
	struct stat status;

	capture->file = memfd_create("stderr", MFD_CLOEXEC);
	capture->before = dup(STDERR_FILENO);
	assert_true(capture->file >= 0 && capture->before >= 0);
	assert_int_equal(fstat(capture->file, &status), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
		 (uintmax_t)status.st_ino + (journal ? 0 : 1));
	setenv("JOURNAL_STREAM", stream, 1);
	dup2(capture->file, STDERR_FILENO);
	log_open();
}

static const char *end(struct capture *capture)
{
	ssize_t length = pread(capture->file, capture->text, sizeof(capture->text) - 1, 0);

	dup2(capture->before, STDERR_FILENO);
	close(capture->before);
	close(capture->file);
	unsetenv("JOURNAL_STREAM");
	assert_true(length >= 0);
	capture->text[length] = '\0';
	return capture->text;
}

static void test_the_journal_gets_priorities(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture, true);
	log_error("can't %s", "go on");
	log_warning("mind this");
	log_info("by the way");
	log_debug("not shown");
	assert_string_equal(end(&capture), "<3>can't go on\n<4>mind this\n<6>by the way\n");
}

static void test_each_line_has_its_priority(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture, true);
	log_error("one\ntwo\n\nfour");
	log_error("%s", "newline at the end\n");
	assert_string_equal(end(&capture), "<3>one\n<3>two\n<3>\n<3>four\n<3>newline at the end\n");
}

static void test_others_get_words(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture, false);
	log_error("one\ntwo");
	log_info("three");
	assert_string_equal(end(&capture), "error: one\ntwo\nthree\n");
}

static void test_a_long_message_is_cut_and_ends_its_line(void **state)
{
	static char line[20000];
	struct capture capture;
	size_t length = 0;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	begin(&capture, true);
	log_error("%s", line);
	log_info("next");
	end(&capture);
	length = strcspn(capture.text, "\n");
	assert_within(length, 8000, 8192);
	assert_int_equal(strspn(capture.text + 3, "x"), length - 3);
	assert_string_equal(capture.text + length, "\n<6>next\n");
}

static void note(int priority, const char *message, void *data)
{
	char *text = data;

	snprintf(text + strlen(text), 256 - strlen(text), "[%d %s]", priority, message);
}

static void test_a_receiver_gets_what_would_be_shown(void **state)
{
	struct capture capture;
	char text[256] = "";

	(void)state;
	begin(&capture, false);
	log_redirect(note, text);
	log_error("one\ntwo");
	log_debug("not shown");
	log_message(LOG_INFO, &(struct log_fields){.cgroup = "/a"}, "three");
	log_redirect(NULL, NULL);
	log_info("four");
	assert_string_equal(end(&capture), "four\n");
	assert_string_equal(text, "[3 one\ntwo][6 three]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_journal_gets_priorities),
		cmocka_unit_test(test_each_line_has_its_priority),
		cmocka_unit_test(test_others_get_words),
		cmocka_unit_test(test_a_long_message_is_cut_and_ends_its_line),
		cmocka_unit_test(test_a_receiver_gets_what_would_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
