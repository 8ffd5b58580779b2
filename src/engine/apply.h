/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_APPLY_H
#define CGTPROXY_ENGINE_APPLY_H

#include "engine/instance.h"
#include "util/error.h"

struct engine;

/* Makes the kernel hold what an instance's plan says. */

/**
 * Makes the whole table hold what it should, whatever it holds now.
 *
 * @instance: the engine's, or the one that is to follow it
 *
 * Returns 0, -EBUSY when somebody else has the table, or another negative errno, with @error.
 */
int apply_full(struct engine *engine, struct instance *instance, struct error *error);

/**
 * Sends what the plan has gathered since the last time. After a failure the whole table is restored; when that fails,
 * too, it is tried again later.
 *
 * Returns 0 or a negative errno with @error when it is of no use to go on.
 */
int apply_delta(struct engine *engine, struct error *error);

/**
 * Restores routes and table while running. A failure is logged and tried again, since to stop would open what was
 * closed; but not when somebody else has the table.
 *
 * Returns 0 or -EBUSY with @error.
 */
int apply_restore(struct engine *engine, struct error *error);

/**
 * Removes what configs that are not in force left in policy rules and routes. A failure is logged, and it is tried
 * again with the next restoration.
 */
void apply_remove_leftovers(struct engine *engine);

#endif
