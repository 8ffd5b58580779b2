/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_SET_TEXT_H
#define CGTPROXY_NFT_SET_TEXT_H

#include "nft/set.h"
#include "nft/verdict.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Parts of a table in nft's syntax. */

/** How nft refers to a cgroup. */
struct cgroup_name {
	uint64_t id;
	char *path; /* below the cgroup2 mount, with a leading '/' */
};

struct cgroup_names {
	const struct cgroup_name *items; /* in output order */
	size_t count;
	/*
	 * The mount relative to /sys/fs/cgroup, as nft expects: "." or a name like "unified"; NULL when it is
	 * elsewhere.
	 */
	const char *root;
};

/** Writes a verdict. */
void verdict_print(FILE *out, const struct verdict *verdict);

/** Writes a set or map with its elements; those that nft can't read are comments. */
void set_print(FILE *out, const struct set *set, const struct cgroup_names *names);

#endif
