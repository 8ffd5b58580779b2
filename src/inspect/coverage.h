/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_COVERAGE_H
#define CGTPROXY_INSPECT_COVERAGE_H

#include "config/config.h"
#include "util/error.h"

#include <stddef.h>

enum { COVERAGE_EXAMPLES = 3 };

/** The cgroups of this machine that a rule is in force for. */
struct coverage {
	size_t count;
	char *examples[COVERAGE_EXAMPLES]; /* paths of the first of them, parents before children; NULL behind the last
					    */
};

/**
 * Finds out which cgroups each rule of a config is in force for now.
 *
 * @coverage: set to one for each rule, for coverage_free()
 *
 * Returns 0 or a negative errno with @error.
 */
int coverage_read(const struct config *config, struct coverage **coverage, struct error *error);

void coverage_free(struct coverage *coverage, size_t rules);

#endif
