/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_PREPARATION_H
#define CGTPROXY_ENGINE_PREPARATION_H

#include "engine/steering.h"
#include "nft/replace.h"

/** The inputs for preparing a change of the table. */
struct transition {
	struct nft *nft;
	const struct steering *next;
	uint32_t deepest_level; /* of the cgroups that have or may get an element */
};

/**
 * Writes the lookups for the transition between two tables: at all levels and for the targets of both, so that a packet
 * finds its element whether old or new. They are strict only if the table already is, since otherwise direct cgroups
 * have no elements yet.
 *
 * @userdata: a struct transition, see struct preparation
 *
 * Returns 0 or a negative errno.
 */
int transition_write(const struct dump *held, struct ruleset *meanwhile, void *userdata);

#endif
