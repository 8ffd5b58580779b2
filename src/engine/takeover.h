/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_TAKEOVER_H
#define CGTPROXY_ENGINE_TAKEOVER_H

#include "cgroup/tree.h"
#include "engine/plan.h"
#include "nft/nft.h"
#include "util/error.h"

#include <stdint.h>

/**
 * Takes over what the last run left in the kernel of cgroups that are gone, so that their sockets keep their way until
 * they are closed. Of such an element is known only where it leads, and at which levels the last run looked for some.
 *
 * A table that is not of our shape is none of ours, or of another version, and is left out.
 *
 * @plan: has decided about all cgroups of the tree
 *
 * Returns 0 or a negative errno with @error.
 */
int takeover_tombstones(struct nft *nft, struct plan *plan, const struct cgroup *root, uint64_t now,
			struct error *error);

#endif
