/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_COVERAGE_H
#define CGTPROXY_INSPECT_COVERAGE_H

#include "config/config.h"
#include "util/error.h"

#include <stddef.h>

enum { COVERAGE_EXAMPLES = 3 };

/** The cgroups of this host for which a rule is in force. */
struct coverage {
	size_t count;
	char *examples[COVERAGE_EXAMPLES]; /* the first paths, parents before children; NULL after the last */
};

/**
 * Finds the cgroups for which each rule of a config is in force now.
 *
 * @coverage: set to one per rule, to be freed with coverage_free()
 *
 * Returns 0 or a negative errno with @error.
 */
int coverage_read(const struct config *config, struct coverage **coverage, struct error *error);

void coverage_free(struct coverage *coverage, size_t rules);

#endif
