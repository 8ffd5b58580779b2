/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_ENGINE_H
#define CGTPROXY_ENGINE_ENGINE_H

#include "cgroup/tree.h"
#include "config/config.h"
#include "route/routing.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keeps the kernel in line with a config and the cgroup tree: what the watch finds goes into the plan, and the plan's
 * changes go to the kernel, one transaction per step. When a step fails, the whole table is restored, the same way it
 * was created at startup.
 */
struct engine;
struct instance;

/**
 * Makes an engine.
 *
 * @config: the engine takes ownership, also on failure
 *
 * Returns the engine, to be freed with engine_free(), or NULL with @error.
 */
struct engine *engine_new(struct config *config, struct error *error);

/**
 * Finds the cgroups and decides each one's target, without touching the network.
 *
 * Returns 0 or a negative errno with @error.
 */
int engine_observe(struct engine *engine, struct error *error);

/**
 * Puts everything in force: policy rules, routes and the table. Everything that can be checked is checked before
 * anything is changed. What an earlier run left is updated in place.
 *
 * Returns 0, -EBUSY when another cgtproxy is running, or another negative errno, with @error.
 */
int engine_enforce(struct engine *engine, struct error *error);

/**
 * Puts another config in force, in two transactions, one that prepares and one that switches. If any of it fails, the
 * last config stays.
 *
 * @config: the engine takes ownership, also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int engine_reload(struct engine *engine, struct config *config, struct error *error);

/**
 * Stops as the config's on-stop says: removes everything from the kernel, or leaves it all in force.
 *
 * Returns 0 or a negative errno with @error.
 */
int engine_stop(struct engine *engine, struct error *error);

/**
 * Removes from the kernel what an earlier run left, whatever its config was.
 *
 * Returns 0, -EBUSY when a cgtproxy is running, or another negative errno, with @error.
 */
int engine_clear(struct error *error);

/** Returns the instance of the config in force. It is valid until the next reload. */
struct instance *engine_instance(const struct engine *engine);

/** Returns the observed cgroups. */
const struct cgroup_tree *engine_tree(const struct engine *engine);

/** Begins to walk the cgroups that were observed, in pieces; another such walk ends. */
void engine_walk_begin(struct engine *engine);

/**
 * Returns the next cgroup of the walk, the root first, or NULL at its end. Cgroups may come and go in between; new ones
 * may be left out.
 */
const struct cgroup *engine_walk_next(struct engine *engine);

/** Returns what is known of policy rules and routes. */
const struct route_state *engine_routes(const struct engine *engine);

/** Returns how many packets the fence has stopped lately, see fence.h. */
uint64_t engine_fenced(const struct engine *engine);

/** Returns how many cgroups have no inotify watch. */
size_t engine_unwatched(const struct engine *engine);

/** Returns where cgroup2 is mounted. */
const char *engine_mount(const struct engine *engine);

void engine_free(struct engine *engine);

DEFINE_CLEANUP(struct engine *, engine_free)

#endif
