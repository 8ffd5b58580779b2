/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_WATCHES_H
#define CGTPROXY_INSPECT_WATCHES_H

#include "inspect/problems.h"

#include <stddef.h>
#include <stdint.h>

/* Whether there are inotify watches enough, one for each cgroup. What is not watched is looked at now and then. */

/**
 * Adds a problem for cgroups without a watch. Does not say who has the others, so it takes no time.
 *
 * @unwatched: so many
 * @cgroups:   that there are
 *
 * Returns 0 or -ENOMEM.
 */
int watches_report(size_t unwatched, size_t cgroups, struct problems *problems);

/**
 * Looks whether a daemon has a watch for each cgroup, and if not, who uses those of its user; or, when none runs,
 * whether there could be so many.
 *
 * @pid:     of the daemon, or 0
 * @cgroups: that there are
 *
 * Returns 0 or -ENOMEM. What can't be found out is no problem.
 */
int watches_judge(uint32_t pid, size_t cgroups, struct problems *problems);

#endif
