/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_TEXT_H
#define CGTPROXY_NFT_TEXT_H

#include "nft/ruleset.h"

#include <stdio.h>

/** An element as "nft -f" wants it: by path. */
struct path_element {
	char *path; /* below the cgroup2 mount, beginning with '/' */
	const struct verdict *verdict;
};

struct path_elements {
	const struct path_element *elements;
	size_t count;
	/* The mount as nft sees it, below /sys/fs/cgroup: "." or a name like "unified"; NULL when it is elsewhere. */
	const char *root;
};

/**
 * Writes a table as text that "nft -f" takes. Elements that nft could not read back (it knows cgroups below
 * /sys/fs/cgroup only and has no way to quote a quotation mark) become comments.
 */
void ruleset_print(FILE *out, const struct ruleset *ruleset, const struct level_set *levels,
		   const struct path_elements *cgroups);

#endif
