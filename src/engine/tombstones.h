/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_TOMBSTONES_H
#define CGTPROXY_ENGINE_TOMBSTONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Cgroups that are gone and whose sockets may not be. A socket keeps the cgroup that it was made in, and its packets go
 * the way of the nearest element from there up, so elements stay as long as there are sockets of their cgroup, or of
 * one that was below it. For that, also those are noted that had no element but were below one.
 *
 * Which cgroups have sockets is asked when the first has been gone for TOMBSTONE_GRACE (a census). Sockets may move
 * between the kernel's lists while these are read, so none counts as gone before two in a row have not found it.
 */

enum {
	/* With more of which it is not known that they have sockets, the next census does not wait for the grace. */
	TOMBSTONE_MAX = 16384,
};

/** How long one stays at least, if there are not too many, and after which it is looked for again; in usec. */
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
	bool is_used;	/* the last census found one */
	uint8_t missed; /* censuses in a row that found none and could have */
};

struct tombstones {
	TAILQ_HEAD(tombstone_items, tombstone) items; /* in the order of their expiry */
	void *by_id;				      /* tsearch(3) */
	size_t count;
	size_t used_count;
	size_t unknown_count; /* those whose parent is not known */
	uint32_t census;      /* number of the last census, or of the one that is taken */
	uint64_t begun;	      /* when that began, in usec of CLOCK_MONOTONIC */
	bool strangers; /* it found sockets of cgroups that are not known, and so may be below any of unknown parents */
};

void tombstones_init(struct tombstones *list);

/**
 * Adds a cgroup, which must not be there.
 *
 * @tombstone: what is not about the list itself; copied
 *
 * Returns whether it was added; not without memory.
 */
bool tombstones_add(struct tombstones *list, const struct tombstone *tombstone);

/** Returns the one of this id or NULL. */
struct tombstone *tombstones_find(const struct tombstones *list, uint64_t cgroup_id);

/** Takes one out and frees it. */
void tombstones_remove(struct tombstones *list, struct tombstone *tombstone);

/**
 * Adds all of another list, as they are, to one that is empty.
 *
 * Returns whether they were; not without memory, whereupon there may be some of them.
 */
bool tombstones_copy(struct tombstones *list, const struct tombstones *other);

/** Returns whether there are so many that a census should not wait for the grace. */
bool tombstones_too_many(const struct tombstones *list);

/** Returns when the next census is due, in usec of CLOCK_MONOTONIC, or UINT64_MAX. */
uint64_t tombstones_due(const struct tombstones *list);

/** Begins a census. */
void tombstones_census_begin(struct tombstones *list, uint64_t now);

/**
 * Takes note of a socket.
 *
 * Returns whether its cgroup is one of these.
 */
bool tombstones_census_see(struct tombstones *list, uint64_t cgroup_id);

/** Takes note of a socket of a cgroup that is neither one of these nor one that exists. */
void tombstones_census_see_stranger(struct tombstones *list);

/**
 * Ends a census. Who has sockets stays for another grace; who has none is given to @take, unless that fails, and freed.
 *
 * @take: returns 0 or a negative errno
 *
 * Returns 0 or what @take returned.
 */
int tombstones_census_end(struct tombstones *list, uint64_t now,
			  int (*take)(const struct tombstone *tombstone, void *userdata), void *userdata);

void tombstones_clear(struct tombstones *list);

#endif
