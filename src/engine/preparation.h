/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_PREPARATION_H
#define CGTPROXY_ENGINE_PREPARATION_H

#include "engine/steering.h"
#include "nft/replace.h"

/** What a change of the table is prepared with. */
struct transition {
	struct nft *nft;
	const struct steering *next;
	uint32_t deepest_level; /* of all cgroups that have an element or may get one */
};

/**
 * Writes the lookups for the time between two tables: at all levels and for the targets of both, so that a packet that
 * meets old rules and new elements finds them. They are strict only where the table is already, for without that direct
 * cgroups have no elements yet.
 *
 * @userdata: a struct transition, see struct preparation
 *
 * Returns 0 or a negative errno.
 */
int transition_write(const struct dump *held, struct ruleset *meanwhile, void *userdata);

#endif
