/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_UNIT_H
#define CGTPROXY_TEST_UNIT_UNIT_H

/* Shared by the unit tests: cmocka, with the headers that it requires before it, and configs from strings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/load.h"

#include <string.h>

/** Asserts that minimum <= value <= maximum, unsigned. cmocka 2 deprecates the name that cmocka 1 has for it. */
#ifdef assert_uint_in_range
#define assert_within assert_uint_in_range
#else
#define assert_within assert_in_range
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** What config_parse() made of a text; clear it with parsed_clear(). */
struct parsed {
	int result;
	struct config *config;
	struct diagnostics diagnostics;
};

static inline struct parsed parse_bytes(const char *text, size_t length)
{
	struct parsed parsed = {0};

	parsed.result = config_parse(text, length, &parsed.config, &parsed.diagnostics);
	return parsed;
}

static inline struct parsed parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static inline void parsed_clear(struct parsed *parsed)
{
	config_free(parsed->config);
	diagnostics_clear(&parsed->diagnostics);
	*parsed = (struct parsed){0};
}

static inline size_t count_diagnostics(const struct parsed *parsed, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < parsed->diagnostics.count; i++)
		count += parsed->diagnostics.items[i].severity == severity;
	return count;
}

/** Parses a config that must yield no messages. */
static inline struct config *parse_good(const char *text)
{
	struct parsed parsed = parse(text);

	for (size_t i = 0; i < parsed.diagnostics.count; i++)
		print_error("%d:%d: %s\n", parsed.diagnostics.items[i].position.line,
			    parsed.diagnostics.items[i].position.column, parsed.diagnostics.items[i].text);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.diagnostics.count, 0);
	assert_non_null(parsed.config);
	diagnostics_clear(&parsed.diagnostics);
	return parsed.config;
}

#endif
