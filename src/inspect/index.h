/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_INDEX_H
#define CGTPROXY_INSPECT_INDEX_H

#include "cgroup/tree.h"
#include "util/error.h"

/** A snapshot of the existing cgroups, indexed by id. */
struct cgroup_index {
	char *mount; /* path of the cgroup2 mount */
	struct cgroup_tree tree;
	struct cgroup **by_id;
	size_t count; /* including the root */
};

/**
 * Reads all cgroups.
 *
 * @index:      zeroed; release with cgroup_index_clear(), also on failure
 * @configured: the mount named in the config, or NULL
 *
 * Returns 0 or a negative errno with @error.
 */
int cgroup_index_read(struct cgroup_index *index, const char *configured, struct error *error);

/** Returns the cgroup with that id or NULL. */
const struct cgroup *cgroup_index_find(const struct cgroup_index *index, uint64_t id);

/** Returns the cgroup's index in by_id. */
size_t cgroup_index_position(const struct cgroup_index *index, const struct cgroup *cgroup);

void cgroup_index_clear(struct cgroup_index *index);

#endif
