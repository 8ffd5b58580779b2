/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CONTAINER_PROBLEMS_H
#define CGTPROXY_INSPECT_CONTAINER_PROBLEMS_H

#include "inspect/coverage.h"
#include "inspect/problems.h"

/**
 * Adds containers whose programs have different targets, of which the strictest counts for all.
 *
 * @comparison: of the config; what is noted in its tree is for this function only
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int containers_judge(const struct config *config, const struct comparison *comparison, struct problems *problems);

#endif
