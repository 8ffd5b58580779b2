/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_TOMBSTONES_H
#define CGTPROXY_ENGINE_TOMBSTONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Removed cgroups whose sockets may still exist. A socket keeps the cgroup it was created in, and its packets get the
 * verdict of the nearest element from there up, so elements stay as long as there are sockets of their cgroup or of one
 * that was below it. For that, cgroups that had no element but were below one are recorded as well.
 *
 * A census, which lists the cgroups that have sockets, is taken once the oldest tombstone is TOMBSTONE_GRACE old.
 * Sockets may move between the kernel's lists while these are read, so a cgroup counts as having none only when two
 * censuses in a row found none.
 */

enum {
	/*
	 * With more tombstones that are not known to have sockets, the next census does not wait for the grace period.
	 */
	TOMBSTONE_MAX = 16384,
};

/** How long a tombstone stays at least, if there are not too many, and the time until it is checked again; in usec. */
#define TOMBSTONE_GRACE UINT64_C(60000000)

struct tombstone {
	TAILQ_ENTRY(tombstone) next;
	uint64_t cgroup_id;
	uint64_t parent_id; /* 0 when it is not known */
	uint64_t expires;   /* usec of CLOCK_MONOTONIC */
	uint32_t level;	    /* 0 when it is not known */
	uint32_t target;    /* of its element */
	uint32_t seen;	    /* number of the last census that found a socket of it or below it */
	bool has_element;
	bool is_used;	/* the last census found a socket */
	uint8_t missed; /* consecutive censuses that found none and could have */
};

struct tombstones {
	TAILQ_HEAD(tombstone_items, tombstone) items; /* by expiry */
	void *by_id;				      /* tsearch(3) */
	size_t count;
	size_t used_count;
	size_t unknown_count; /* with unknown parent */
	uint32_t census;      /* number of the last census, or of the current one */
	uint64_t begun;	      /* when that began, in usec of CLOCK_MONOTONIC */
	bool strangers; /* it found sockets of unknown cgroups, which may be below any tombstone with unknown parent */
};

void tombstones_init(struct tombstones *list);

/**
 * Adds a cgroup, which must not be in the list.
 *
 * @tombstone: all but the list's own members; copied
 *
 * Returns whether it was added; false if out of memory.
 */
bool tombstones_add(struct tombstones *list, const struct tombstone *tombstone);

/** Returns the tombstone with that id or NULL. */
struct tombstone *tombstones_find(const struct tombstones *list, uint64_t cgroup_id);

/** Removes a tombstone and frees it. */
void tombstones_remove(struct tombstones *list, struct tombstone *tombstone);

/**
 * Copies all of another list into an empty one.
 *
 * Returns whether it did; if out of memory, false, and the list may have some of them.
 */
bool tombstones_copy(struct tombstones *list, const struct tombstones *other);

/** Returns whether there are so many that a census should not wait for the grace period. */
bool tombstones_too_many(const struct tombstones *list);

/** Returns when the next census is due, in usec of CLOCK_MONOTONIC, or UINT64_MAX. */
uint64_t tombstones_due(const struct tombstones *list);

/** Begins a census. */
void tombstones_census_begin(struct tombstones *list, uint64_t now);

/**
 * Records a socket.
 *
 * Returns whether its cgroup is in the list.
 */
bool tombstones_census_see(struct tombstones *list, uint64_t cgroup_id);

/** Records a socket of a cgroup that neither exists nor is in the list. */
void tombstones_census_see_stranger(struct tombstones *list);

/**
 * Ends a census. Tombstones with sockets stay for another grace period; those without are passed to @take and, unless
 * it fails, freed.
 *
 * @take: returns 0 or a negative errno
 *
 * Returns 0 or what @take returned.
 */
int tombstones_census_end(struct tombstones *list, uint64_t now,
			  int (*take)(const struct tombstone *tombstone, void *userdata), void *userdata);

void tombstones_clear(struct tombstones *list);

#endif
