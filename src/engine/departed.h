/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_DEPARTED_H
#define CGTPROXY_ENGINE_DEPARTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Cgroups that are gone and whose elements are not. Sockets outlive their cgroup (FIN, retransmits), and their last
 * packets must go the way of their first.
 */

enum {
	/* Bounds the memory that somebody can take by making and removing cgroups in a loop: the oldest gives way. */
	DEPARTED_MAX = 16384,
};

/** How long an element stays, in usec. */
#define DEPARTED_GRACE UINT64_C(60000000)

struct departed {
	STAILQ_ENTRY(departed) next;
	uint64_t cgroup_id;
	uint64_t expires; /* usec of CLOCK_MONOTONIC */
	uint32_t level;
	uint32_t target;
};

struct departed_list {
	STAILQ_HEAD(departed_items, departed) items; /* in the order of their expiry */
	size_t count;
};

/**
 * Adds a cgroup.
 *
 * Returns whether it was added; not without memory.
 */
bool departed_add(struct departed_list *list, uint64_t cgroup_id, uint32_t level, uint32_t target, uint64_t expires);

/**
 * Takes the oldest out if its time is over or there are too many.
 *
 * Returns it, for free(), or NULL.
 */
struct departed *departed_take_expired(struct departed_list *list, uint64_t now);

/** Returns when the oldest expires, in usec of CLOCK_MONOTONIC, or UINT64_MAX. */
uint64_t departed_next_expiry(const struct departed_list *list);

void departed_clear(struct departed_list *list);

#endif
