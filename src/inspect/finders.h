/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_FINDERS_H
#define CGTPROXY_INSPECT_FINDERS_H

#include "config/config.h"
#include "inspect/coverage.h"
#include "inspect/problems.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that looks for problems, at once. The daemon does the same in pieces, see lookout.h. */

/** What is looked at: this host, with a config. */
struct scene {
	const struct config *config;
	bool in_force; /* whether that is the one in force, so that its policy rules and routes should be there */
	uint32_t pid;  /* of the daemon, or 0 */
	struct comparison comparison;
};

/**
 * Reads the cgroups and compares them with the config.
 *
 * @scene: with all but the comparison, which is zeroed; scene_clear() it whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int scene_set(struct scene *scene, struct error *error);

void scene_clear(struct scene *scene);

struct finder {
	const char *subject; /* what it looks at; not translated */
	const char *fine;    /* what there is to say when it finds nothing; not translated */
	/* adds to the problems; returns 0, -EPERM when it takes the capability CAP_NET_ADMIN, or another negative errno
	 */
	int (*find)(const struct scene *scene, struct problems *problems);
};

/** Returns all of them, in the order in which they are to be shown. */
const struct finder *finders_all(size_t *count);

/** Adds the packets that the fence has stopped lately, see engine/fence.h. Returns 0 or -ENOMEM. */
int fence_judge(uint64_t packets, struct problems *problems);

/** Adds bridges whose packets pass the prerouting chain twice. Returns 0 or a negative errno. */
int bridges_judge(const struct config *config, struct problems *problems);

#endif
