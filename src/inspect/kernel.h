/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_KERNEL_H
#define CGTPROXY_INSPECT_KERNEL_H

#include "inspect/held_table.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stdint.h>

enum kernel_view {
	KERNEL_UNKNOWN,	  /* its state could not be read */
	KERNEL_IDLE,	  /* it has no table of ours */
	KERNEL_NO_CGROUP, /* the cgroup does not exist */
	KERNEL_STEERS,
};

/** How the kernel steers now, whatever any config says. */
struct kernel {
	enum kernel_view view; /* KERNEL_UNKNOWN, KERNEL_IDLE or KERNEL_STEERS */
	struct error reason;   /* with KERNEL_UNKNOWN: why */
	struct held_table table;
};

/** Reads the state. @kernel: release with kernel_clear() */
void kernel_read(struct kernel *kernel);

/**
 * Finds the target of a cgroup, with KERNEL_STEERS.
 *
 * @ids:    of the cgroup and its ancestors, @count of them, by level, the root first
 * @target: NFT_NAME_SIZE bytes
 */
void kernel_find_target(const struct kernel *kernel, const uint64_t *ids, int count, char *target);

/** Returns whether the kernel has rules for containers. */
bool kernel_covers_containers(const struct kernel *kernel);

/** Replaces the bypass sets of a compiled ruleset by those of the kernel. Returns 0 or -ENOMEM. */
int kernel_copy_bypass(const struct kernel *kernel, struct ruleset *ruleset);

/** Fills the sets for containers of a compiled ruleset as the kernel has them. Returns 0 or -ENOMEM. */
int kernel_copy_containers(const struct kernel *kernel, struct ruleset *ruleset);

void kernel_clear(struct kernel *kernel);

#endif
