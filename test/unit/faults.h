/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_FAULTS_H
#define CGTPROXY_TEST_UNIT_FAULTS_H

/* Configs with one error, and its message. */

#include "unit.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define VERSION "version: 1\n"

static inline void assert_shown_safely(const struct parsed *parsed)
{
	for (size_t i = 0; i < parsed->diagnostics.count; i++) {
		for (const char *at = parsed->diagnostics.items[i].text; *at != '\0'; at++)
			assert_false(iscntrl((unsigned char)*at));
	}
}

/* Parses a config with one error and returns its message. */
static inline const struct diagnostic *only_fault(const char *text, struct parsed *parsed)
{
	*parsed = parse(text);
	if (parsed->result == 0 || parsed->diagnostics.count != 1) {
		print_error("%zu faults in:\n%s\n", parsed->diagnostics.count, text);
		for (size_t i = 0; i < parsed->diagnostics.count; i++)
			print_error("%s\n", parsed->diagnostics.items[i].text);
	}
	assert_int_equal(parsed->result, -EINVAL);
	assert_null(parsed->config);
	assert_true(parsed->diagnostics.has_error);
	assert_int_equal(parsed->diagnostics.count, 1);
	assert_int_equal(parsed->diagnostics.items[0].severity, SEVERITY_ERROR);
	assert_shown_safely(parsed);
	return parsed->diagnostics.items;
}

static inline void assert_says(const struct diagnostic *diagnostic, const char *word)
{
	if (word != NULL && strstr(diagnostic->text, word) == NULL)
		fail_msg("\"%s\" is not in: %s", word, diagnostic->text);
}

/* The fault's place, where it is not that of a value; column 0: whichever. */
struct fault {
	const char *text;
	struct position position;
	const char *words[2];
};

static inline void check_fault(const struct fault *fault)
{
	struct parsed parsed;
	const struct diagnostic *said = only_fault(fault->text, &parsed);

	if (said->position.line != fault->position.line ||
	    (fault->position.column != 0 && said->position.column != fault->position.column))
		fail_msg("at %d:%d: %s\n%s", said->position.line, said->position.column, said->text, fault->text);
	assert_says(said, fault->words[0]);
	assert_says(said, fault->words[1]);
	parsed_clear(&parsed);
}

#endif
