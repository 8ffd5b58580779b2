/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_TEXT_H
#define CGTPROXY_NFT_TEXT_H

#include "nft/ruleset.h"

#include <stdio.h>

/** What nft knows a cgroup by. */
struct cgroup_name {
	uint64_t id;
	char *path; /* below the cgroup2 mount, beginning with '/' */
};

struct cgroup_names {
	const struct cgroup_name *items; /* in the order in which they are to be written */
	size_t count;
	/* The mount as nft sees it, below /sys/fs/cgroup: "." or a name like "unified"; NULL when it is elsewhere. */
	const char *root;
};

/**
 * Writes a table as text that "nft -f" takes. Elements that nft could not read back (it knows cgroups below
 * /sys/fs/cgroup only and has no way to quote a quotation mark) become comments; those without a name are left out.
 *
 * @ruleset: its sets are sorted
 */
void ruleset_print(FILE *out, const struct ruleset *ruleset, const struct cgroup_names *names);

#endif
