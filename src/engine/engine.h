/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_ENGINE_H
#define CGTPROXY_ENGINE_ENGINE_H

#include "cgroup/tree.h"
#include "config/config.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keeps the kernel in step with a config and the tree of cgroups: what the watch finds goes to the plan, and what the
 * plan sums up goes to the kernel, in one transaction a step. When a step fails, the whole table is restored,
 * in the way in which it was made at the start.
 */
struct engine;
struct instance;

/**
 * Makes an engine.
 *
 * @config: belongs to the engine from then on, whatever this returns
 *
 * Returns the engine, for engine_free(), or NULL with @error.
 */
struct engine *engine_new(struct config *config, struct error *error);

/**
 * Finds the cgroups and decides about each, without touching the network.
 *
 * Returns 0 or a negative errno with @error.
 */
int engine_observe(struct engine *engine, struct error *error);

/**
 * Puts everything into force: policy rules, routes and the table. Whatever can be checked is checked before anything is
 * changed. What an earlier run left is changed in place.
 *
 * Returns 0, -EBUSY when another cgtproxy runs, or another negative errno, with @error.
 */
int engine_enforce(struct engine *engine, struct error *error);

/**
 * Puts another config into force, by a transaction that prepares and one that changes, if all of it is possible.
 * Otherwise the last one stays.
 *
 * @config: belongs to the engine from then on, whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int engine_reload(struct engine *engine, struct config *config, struct error *error);

/**
 * Ends the work as the config's on-stop says: takes everything out of the kernel, or leaves all of it in force.
 *
 * Returns 0 or a negative errno with @error.
 */
int engine_stop(struct engine *engine, struct error *error);

/**
 * Takes out of the kernel what a run left there, whatever its config was.
 *
 * Returns 0, -EBUSY when a cgtproxy runs, or another negative errno, with @error.
 */
int engine_clear(struct error *error);

/** Returns what follows from the config in force. It ends with the next reload. */
struct instance *engine_instance(const struct engine *engine);

/** Returns the cgroups that were observed. */
const struct cgroup_tree *engine_tree(const struct engine *engine);

/** Returns where cgroup2 is mounted. */
const char *engine_mount(const struct engine *engine);

void engine_free(struct engine *engine);

DEFINE_CLEANUP(struct engine *, engine_free)

#endif
