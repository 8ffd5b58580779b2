/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_COMPILED_H
#define CGTPROXY_TEST_UNIT_COMPILED_H

#include "unit.h"

#include "engine/compile.h"

/** Returns the table of a config with these contents, to be freed with ruleset_free(). */
static inline struct ruleset *compile_for(const struct config *config, const struct contents *contents)
{
	struct steering steering;
	struct ruleset *ruleset = NULL;

	assert_int_equal(compile_steering(config, &steering), 0);
	ruleset = compile_ruleset(config, &steering, contents);
	assert_non_null(ruleset);
	steering_clear(&steering);
	return ruleset;
}

#endif
