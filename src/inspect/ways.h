/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_WAYS_H
#define CGTPROXY_INSPECT_WAYS_H

#include "inspect/problems.h"

#include <stdbool.h>

/** Which families have a way to the internet; the kernel wants one before it shows a packet to any rule. */
struct ways {
	bool ip;
	bool ip6;
};

/**
 * Looks at the routing of this network namespace. That there is no way for IPv6 is no problem: programs are told at
 * once, and use IPv4.
 *
 * Returns 0 or a negative errno.
 */
int ways_inspect(struct ways *ways, struct problems *problems);

#endif
