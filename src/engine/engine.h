/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_ENGINE_H
#define CGTPROXY_ENGINE_ENGINE_H

#include "config/config.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Keeps the kernel in step with a config and the tree of cgroups: what the watch finds goes to the plan, and what the
 * plan sums up goes to the kernel, in one transaction a step. When a step fails, the whole table is made anew, in the
 * way in which it was made at the start.
 */
struct engine;

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

enum { ENGINE_FDS_MAX = 4 };

/**
 * Lists the file descriptors to wait for.
 *
 * @fds: room for ENGINE_FDS_MAX
 *
 * Returns how many there are.
 */
size_t engine_fds(const struct engine *engine, int *fds);

/**
 * Takes in some of what a readable file descriptor tells: of cgroups, of tables, of routes, of sockets. It stays
 * readable while there is more.
 *
 * Returns 0 or a negative errno with @error when it is of no use to go on.
 */
int engine_handle_events(struct engine *engine, int fd, struct error *error);

/** Returns when engine_handle_deadline() is to be called, in usec of CLOCK_MONOTONIC, or UINT64_MAX for never. */
uint64_t engine_deadline(const struct engine *engine);

/** Does what was put off until now. Returns 0, or a negative errno with @error when it is of no use to go on. */
int engine_handle_deadline(struct engine *engine, struct error *error);

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

/**
 * Warns, in the log, of proxies whose own traffic the rules would send back into them: those that listen in a cgroup
 * that goes to the proxy itself.
 *
 * @absent: warn also of proxies on whose port nobody listens
 */
void engine_warn_of_loops(struct engine *engine, bool absent);

/** Returns how many cgroups were observed. */
size_t engine_count_cgroups(const struct engine *engine);

/** Writes the table as text for "nft -f", with the cgroups that were observed. */
int engine_render(struct engine *engine, FILE *out, struct error *error);

void engine_free(struct engine *engine);

#endif
