/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_WAYS_H
#define CGTPROXY_INSPECT_WAYS_H

#include "config/config.h"
#include "inspect/problems.h"

#include <stdbool.h>

/** Which families have a way to the internet; the kernel wants one before it shows a packet to any rule. */
struct ways {
	bool ip;
	bool ip6;
};

/**
 * Looks at the routing of this network namespace. That there is no way for IPv6 is no problem: programs are told at
 * once, and use IPv4. Without a proxy nothing is a problem.
 *
 * Returns 0 or a negative errno.
 */
int ways_inspect(const struct config *config, struct ways *ways, struct problems *problems);

#endif
