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

/* Why the traffic of one cgroup goes where it goes: by the config, and by what the kernel holds. */

enum kernel_view {
	KERNEL_UNKNOWN,	  /* it could not be asked */
	KERNEL_IDLE,	  /* there is no table of ours */
	KERNEL_NO_CGROUP, /* there is no such cgroup now */
	KERNEL_STEERS,
};

struct explanation {
	int32_t rule;	    /* in force, or NO_RULE */
	bool *matched;	    /* of each rule, whether it matches that part of the path which decides */
	size_t decides;	    /* its length: less than the path's when it is an ancestor's, whose target is inherited */
	const char *target; /* "direct", "drop", "refuse" or the proxy's name; belongs to the config */

	enum kernel_view view;
	char kernel[NFT_NAME_SIZE]; /* with KERNEL_STEERS: the target that the kernel sends it to */
	struct error reason;	    /* with KERNEL_UNKNOWN: why */
	bool differs;		    /* the kernel knows the cgroup, and sends it to another target than the config */
};

/**
 * Explains a cgroup, which need not exist.
 *
 * @mount:       path of the cgroup2 mount, or NULL when there is none
 * @path:        below the mount, as cgroup_path_parse() makes it
 * @explanation: explanation_clear() it whatever this returns
 *
 * Returns 0 or -ENOMEM.
 */
int explain_cgroup(struct instance *instance, const char *mount, const char *path, struct explanation *explanation);

void explanation_clear(struct explanation *explanation);

#endif
