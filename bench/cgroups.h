/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_BENCH_CGROUPS_H
#define CGTPROXY_BENCH_CGROUPS_H

#include <limits.h>
#include <stdint.h>

/** A directory of the cgroup tree for new cgroups, created one after the other. */
struct nest {
	int fd;
	const char *prefix;	 /* of their names */
	char name[NAME_MAX + 1]; /* of the last one */
};

/** Opens a directory or ends the process. */
void nest_open(struct nest *nest, const char *directory, const char *prefix);

/** Chooses the name of the next cgroup, so that this is not measured. */
void nest_name(struct nest *nest, uint64_t number);

/** Makes the cgroup. */
void nest_make(const struct nest *nest);

/** Returns the id of the cgroup by which netfilter knows it: st_ino on 64-bit kernels. */
uint64_t nest_id(const struct nest *nest);

/** Removes the cgroup, which has no processes any more. */
void nest_remove(const struct nest *nest);

#endif
