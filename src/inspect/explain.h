/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_EXPLAIN_H
#define CGTPROXY_INSPECT_EXPLAIN_H

#include "cgroup/tree.h"
#include "engine/instance.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a cgroup's traffic goes where it goes, according to the config and to the kernel's state. */

enum kernel_view {
	KERNEL_UNKNOWN,	  /* its state could not be read */
	KERNEL_IDLE,	  /* it has no table of ours */
	KERNEL_NO_CGROUP, /* the cgroup does not exist */
	KERNEL_STEERS,
};

struct explanation {
	int32_t rule;	    /* in force, or NO_RULE */
	bool *matched;	    /* for each rule, whether it matches the deciding part of the path */
	size_t decides;	    /* the length of that part: less than the path's if an ancestor's target is inherited */
	const char *target; /* "direct", "drop", "refuse" or the proxy's name; belongs to the config */

	enum kernel_view view;
	char kernel[NFT_NAME_SIZE]; /* with KERNEL_STEERS: the target in the kernel */
	struct error reason;	    /* with KERNEL_UNKNOWN: why */
	bool differs;		    /* the cgroup exists, and its target in the kernel is not the config's */
};

/**
 * Explains a cgroup, which need not exist.
 *
 * @mount:       path of the cgroup2 mount, or NULL if there is none
 * @path:        below the mount, as from cgroup_path_parse()
 * @explanation: release with explanation_clear(), also on failure
 *
 * Returns 0 or -ENOMEM.
 */
int explain_cgroup(struct instance *instance, const char *mount, const char *path, struct explanation *explanation);

void explanation_clear(struct explanation *explanation);

#endif
