/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_APPLY_H
#define CGTPROXY_ENGINE_APPLY_H

#include "engine/instance.h"
#include "util/error.h"

struct engine;

/* Brings the kernel in line with an instance's plan. */

/**
 * Brings the whole table in line with the plan, whatever it holds now.
 *
 * @instance: the engine's, or its successor
 *
 * Returns 0, -EBUSY when another process owns the table, or another negative errno, with @error.
 */
int apply_full(struct engine *engine, struct instance *instance, struct error *error);

/**
 * Sends the plan's changes since the last step. After a failure the whole table is restored; if that fails too, it is
 * retried later.
 *
 * Returns 0 or a negative errno with @error when the engine can't go on.
 */
int apply_delta(struct engine *engine, struct error *error);

/**
 * Restores routes and table while running. A failure is logged and retried, since stopping would let blocked traffic
 * out; it is final only when another process owns the table.
 *
 * Returns 0 or -EBUSY with @error.
 */
int apply_restore(struct engine *engine, struct error *error);

/**
 * Removes policy rules and routes left by configs that are not in force. A failure is logged, and retried with the next
 * restore.
 */
void apply_remove_leftovers(struct engine *engine);

#endif
