/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_CONTAINERS_H
#define CGTPROXY_CONTAINER_CONTAINERS_H

#include "cgroup/tree.h"
#include "container/container.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The containers that have a network of their own: network namespaces that are connected to ours by a veth. Of each it
 * is known where its packets arrive here, which addresses it has, and which cgroups have processes in it.
 *
 *	containers = containers_new(watch.root, watch.tree.root, &error);
 *	containers_settle(containers, clock_now() + USEC_PER_SEC, clock_now);
 *	for (;;) {
 *		while ((container = containers_take_changed(containers)) != NULL)
 *			(put the container's present state in force)
 *		(wait for containers_fd() to be readable, or for containers_deadline())
 *		containers_step(containers, clock_now);
 *	}
 *
 * and meanwhile containers_appeared(), containers_entered() and containers_vanished(), as cgroups do that. Needs
 * CAP_NET_ADMIN in the network namespaces of the containers, and to be in the process namespace of the host.
 *
 * Interfaces come from notifications. For the rest there are none: those of another network namespace need
 * CAP_NET_BROADCAST, and nothing tells that a process has entered one. So addresses are asked for when a container
 * appears or anything of it changes, after 1, 2, 4 ms and so on, and then every two seconds; when an unknown address
 * turns up among the neighbours of a bridge, at once. Likewise a cgroup is asked for its processes when it appears or
 * processes are moved into it, and every ten seconds if it has some in a container; all others in turn, for 2 % of the
 * time. What is wrong, because a process has moved or its id was reused in between, is right after the next look.
 *
 * What the caller should know of:
 *
 * - A container without cgroups is one whose cgroups were not found yet, or in which nothing runs yet, or any more:
 *what still comes from it belongs to what ran there last. One whose cgroup may not be read keeps it. Of a cgroup's
 *   processes only some of the oldest and newest are looked at.
 * - Processes in the root cgroup don't count: it has no rule, and no unit is there.
 * - A cgroup may be in several containers, with processes of this host's own network as well.
 * - A bridge shows no more of a packet's sender than its addresses. A container can send from those of another one, and
 *   even have them: then both are said to have them.
 * - If this network namespace is itself that of a container, what it is connected to by its uplink is one of these.
 * - Limits that no host should reach (model.h, addresses.h) keep the memory bounded; what is left out is logged.
 */
struct containers;

/**
 * Makes a model that knows nothing yet, and subscribes to notifications.
 *
 * @directory: file descriptor of the cgroup2 mount, which must stay open
 * @root:      of the cgroup tree; it and all below are taken in as if they had appeared
 *
 * Returns it, to be freed with containers_free() before the cgroups are, or NULL with @error.
 */
struct containers *containers_new(int directory, struct cgroup *root, struct error *error);

/**
 * Does all that there is to do, without pauses: for the start, or for who only wants to know what there is.
 *
 * @until: in usec of CLOCK_MONOTONIC
 * @clock: returns the present time likewise
 *
 * Returns whether it is done: interfaces are listed, each container was asked for its addresses, and each cgroup for
 * its processes.
 */
bool containers_settle(struct containers *containers, uint64_t until, uint64_t (*clock)(void));

/** Returns whether that is done. It may not be, after containers_settle() and later, when there is much to ask. */
bool containers_are_settled(const struct containers *containers);

/** Returns the file descriptor that is readable when containers_step() has work. */
int containers_fd(const struct containers *containers);

/** Returns when to call containers_step() in any case, in usec of CLOCK_MONOTONIC, or UINT64_MAX. */
uint64_t containers_deadline(const struct containers *containers);

/**
 * Reads notifications and does what is due, for about a millisecond at most. There may be more to do at once, which
 * containers_deadline() tells. Failures are logged and retried.
 */
void containers_step(struct containers *containers, uint64_t (*clock)(void));

/** Takes in a new cgroup. Returns 0 or -ENOMEM. */
int containers_appeared(struct containers *containers, struct cgroup *cgroup, uint64_t now);

/** Notes that processes may have been moved into a cgroup. */
void containers_entered(struct containers *containers, struct cgroup *cgroup, uint64_t now);

/** Forgets a cgroup, which is about to be freed: it is no longer among those of a container. */
void containers_vanished(struct containers *containers, struct cgroup *cgroup, uint64_t now);

/**
 * Returns a container that is new, has changed, or is gone, since this returned it last; NULL if there is none. It is
 * in its present state, whatever happened in between. Like all that it points to, it is valid until the next call of a
 * function that is not const; but a container that is not gone stays where it is.
 */
struct container *containers_take_changed(struct containers *containers);

/**
 * Returns the container after this one, or NULL at the end.
 *
 * @container: NULL for the first one; not one that is gone
 */
struct container *containers_next(const struct containers *containers, const struct container *container);

void containers_free(struct containers *containers);

DEFINE_CLEANUP(struct containers *, containers_free)

#endif
