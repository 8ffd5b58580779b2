/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_SHARE_H
#define CGTPROXY_CGROUP_SHARE_H

#include "cgroup/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct watch;

/*
 * Watches are few (fs.inotify.max_user_watches), and users make as many cgroups as they like. So the tree has parts
 * with a share each: what is below a user's slice, or below the first cgroup that is no slice, such as a service that
 * was delegated to somebody. Slices themselves are the system's, since nobody else makes them outside of such a part.
 *
 * When there is no watch left, the part with the most of them gives one to whoever has fewer: its newest, so that what
 * it made first, which is further up as a rule, stays watched. And the parts take turns in having their unwatched
 * cgroups looked at, so that one finds what is new in it as soon as if it were alone.
 */
struct watch_share {
	TAILQ_ENTRY(watch_share) next; /* in the order of turns */
	const struct cgroup *top;      /* NULL for the system's */
	struct cgroup_queue watched;   /* the newest last */
	struct cgroup_queue unwatched; /* in the order of turns */
	size_t watched_count;
	size_t unwatched_count;
	size_t left;	     /* of the unwatched, until all were looked at */
	uint64_t next_round; /* when to look at all of them again, in usec of CLOCK_MONOTONIC */
	/* where to go on within the one at the head, when it has very many children */
	uint64_t listed_id;
	long position;
	uint32_t walk; /* number of that walk */
};

TAILQ_HEAD(watch_shares, watch_share);

/** Makes the system's share, with the root in it. Returns 0 or -ENOMEM. */
int share_init(struct watch *watch);

/** Finds the part that a new cgroup belongs to. Returns 0 or -ENOMEM. */
int share_join(struct watch *watch, struct cgroup *cgroup);

/** Takes a cgroup that has no children out of its part, and drops its watch. */
void share_leave(struct watch *watch, struct cgroup *cgroup);

/**
 * Watches a cgroup that has no watch, if that is possible.
 *
 * @fd: of its directory, so that it is that very one, whoever has the name by now
 */
void share_watch(struct watch *watch, struct cgroup *cgroup, int fd);

/** Drops the watch of a cgroup, which is looked at from then on instead. */
void share_unwatch(struct watch *watch, struct cgroup *cgroup);

/**
 * Returns the part whose turn it is to have a cgroup looked at, the one at the head of its unwatched, or NULL when all
 * were looked at lately.
 */
struct watch_share *share_next(struct watch *watch, uint64_t now);

/**
 * Takes note that a cgroup of a part was looked at.
 *
 * @cgroup: which goes behind the others; NULL when it has a watch now, or is gone
 */
void share_looked(struct watch_share *share, struct cgroup *cgroup);

/** Frees all parts. */
void share_clear(struct watch *watch);

#endif
