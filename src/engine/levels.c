/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/levels.h"

#include "cgroup/mount.h"
#include "cgroup/tree.h"
#include "nft/nft.h"
#include "nft/probe.h"
#include "util/cleanup.h"

#include <errno.h>

int levels_find(const char *mount, uint32_t *deepest, struct error *error)
{
	CLEANUP(nft_close) struct nft nft = {0};
	uint32_t found = 0;
	int result = 0;

	*deepest = CGROUP_DEPTH_MAX;
	if (cgroup_mount_is_whole(mount))
		return 0;
	result = nft_open(&nft, error);
	if (result == 0)
		result = nft_find_deepest_level(&nft, &found, error);
	/*
	 * Without the permission nothing is steered either; and nft_dry_run() reports what the kernel lacks (-ENOENT: a
	 * module is missing; net/netfilter/nf_tables_api.c, nft_expr_type_get).
	 */
	if (result == -EPERM || result == -ENOENT || (result == 0 && found == 0))
		return 0;
	if (result < 0)
		return result;
	if (found == CGROUP_LEVEL_MAX)
		return error_set(
			error, -ENOTSUP,
			"cgtproxy runs in a cgroup namespace, but this kernel counts cgroup levels from the root of "
			"all cgroups, which is not visible from here, so no rule would match. Use Linux 6.11 or "
			"later, or run cgtproxy outside of the namespace");
	/* a strict config looks up one level below the deepest */
	*deepest = found - 1;
	return 0;
}
