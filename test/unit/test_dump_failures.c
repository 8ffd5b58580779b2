/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading a table that changes meanwhile, or that can't be read. */

#include "dumped.h"

#include <stdio.h>

/* Everything is read again, and nothing of the first attempt remains. */
static void test_the_table_changes_meanwhile(void **state)
{
	struct dump dump;

	(void)state;
	table_is_there();
	answers_to_next();
	chain(TABLE_NAME, "gone");
	chain(TABLE_NAME, "DROP-CHAIN");
	answers_changed();
	answers_datagram();
	chain(TABLE_NAME, "unread");
	answers_done();
	table_with_set("gone", SET_CGROUPS);
	answers_to_next();
	answers_refuse(ENOENT); /* the set */
	table_is_there();
	list_chains_and_counters();
	empty_list();
	read_well(&dump);
	assert_int_equal(dump.chain_count, 2);
	assert_int_equal(dump.counter_count, 1);
	assert_int_equal(dump.set_count, 0);
	assert_int_equal(answers_left(), 0);
	dump_clear(&dump);
}

static void test_the_table_changes_all_the_time(void **state)
{
	enum { TRIES = 5 };
	struct error error;
	struct dump dump;

	(void)state;
	for (size_t i = 0; i < TRIES; i++) {
		table_is_there();
		answers_to_next();
		chain(TABLE_NAME, "DROP-CHAIN");
		answers_changed();
		answers_done();
	}
	assert_int_equal(read_all(&dump, &error), -EINTR);
	assert_int_equal(answers.asked, 2 * TRIES);
	assert_non_null(strstr(error.text, "can't read the table"));
	dump_clear(&dump);
}

/* A signal is no end of an answer. */
static void test_a_signal_comes(void **state)
{
	struct dump dump;

	(void)state;
	table_is_there();
	answers_to_next();
	answers_fail(EINTR);
	chain(TABLE_NAME, "one");
	answers_fail(EINTR);
	answers_fail(EINTR);
	chain(TABLE_NAME, "two");
	answers_done();
	empty_list();
	empty_list();
	read_well(&dump);
	assert_int_equal(dump.chain_count, 2);
	dump_clear(&dump);
}

/* The rest of the answer must not remain for the next request. */
static void test_reading_fails(void **state)
{
	static const int errors[] = {ENOBUFS, ENOMEM, ENOSPC, EAGAIN};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct error error;
		struct dump dump;

		answers_clear(NULL);
		table_is_there();
		answers_to_next();
		chain(TABLE_NAME, "one");
		answers_fail(errors[i]);
		chain(TABLE_NAME, "two");
		answers_fail(ENOBUFS);
		answers_fail(EINTR);
		answers_done();
		assert_int_equal(read_all(&dump, &error), -errors[i]);
		assert_non_null(strstr(error.text, strerror(errors[i])));
		assert_int_equal(answers.asked, 2);
		dump_clear(&dump);
		/* and so it goes on */
		table_is_there();
		empty_list();
		empty_list();
		empty_list();
		read_well(&dump);
		assert_int_equal(dump.chain_count, 0);
		dump_clear(&dump);
	}
}

/* A datagram that is larger than what is made ready for it. */
static void test_a_datagram_that_is_too_large(void **state)
{
	struct error error;
	struct dump dump;

	(void)state;
	table_is_there();
	answers_to_next();
	for (size_t i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "chain-%zu", i);
		chain(TABLE_NAME, name);
	}
	answers_done();
	assert_int_equal(read_all(&dump, &error), -ENOSPC);
	dump_clear(&dump);
}

static void test_no_permission(void **state)
{
	struct error error;
	struct dump dump;

	(void)state;
	answers_to_next();
	answers_refuse(EPERM);
	assert_int_equal(read_all(&dump, &error), -EPERM);
	assert_non_null(strstr(error.text, "CAP_NET_ADMIN"));
	dump_clear(&dump);
}

static void test_an_answer_to_another_request(void **state)
{
	struct error error;
	struct dump dump;

	(void)state;
	table_is_there();
	answers_to_next();
	chain(TABLE_NAME, "one")->nlmsg_seq = 12345;
	answers_done();
	assert_int_equal(read_all(&dump, &error), -EPROTO);
	assert_int_equal(dump.chain_count, 0);
	dump_clear(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_the_table_changes_meanwhile, answers_clear),
		cmocka_unit_test_teardown(test_the_table_changes_all_the_time, answers_clear),
		cmocka_unit_test_teardown(test_a_signal_comes, answers_clear),
		cmocka_unit_test_teardown(test_reading_fails, answers_clear),
		cmocka_unit_test_teardown(test_a_datagram_that_is_too_large, answers_clear),
		cmocka_unit_test_teardown(test_no_permission, answers_clear),
		cmocka_unit_test_teardown(test_an_answer_to_another_request, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
