/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_TAKEOVER_H
#define CGTPROXY_ENGINE_TAKEOVER_H

#include "cgroup/tree.h"
#include "engine/instance.h"
#include "nft/nft.h"
#include "util/error.h"

#include <stdint.h>

/**
 * Takes over what the last run left: the elements of containers, and those of removed cgroups, so that their sockets
 * keep their target until they are closed. Only the target of such an element is known, and the levels at which the
 * last run looked up elements.
 *
 * A table without our layout is foreign or from another version, and is ignored.
 *
 * @instance: with all cgroups of the tree decided
 *
 * Returns 0 or a negative errno with @error.
 */
int takeover_read(struct nft *nft, struct instance *instance, const struct cgroup *root, uint64_t now,
		  struct error *error);

#endif
