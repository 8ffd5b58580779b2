/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_WATCH_STATE_H
#define CGTPROXY_CGROUP_WATCH_STATE_H

#include "cgroup/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* State of the watch, shared by watch.c, scan.c and share.c. */

/*
 * Watches are limited (fs.inotify.max_user_watches), while users can create any number of cgroups. So the tree is
 * divided into shares: one for each user's slice, and one for each topmost cgroup that is not a slice, such as a
 * delegated service. All other slices belong to the system's share, since only the system creates slices outside of
 * these.
 *
 * When no watch is left, the share with the most gives its newest to one with fewer; its older cgroups, usually higher
 * up in the tree, stay watched. Shares take turns to have their unwatched cgroups scanned, so new cgroups in one are
 * found as soon as if it were alone.
 */
struct watch_share {
	TAILQ_ENTRY(watch_share) next; /* in the order of turns */
	const struct cgroup *top;      /* NULL for the system's */
	struct cgroup_queue watched;   /* the newest last */
	struct cgroup_queue unwatched; /* in the order of turns */
	size_t watched_count;
	size_t unwatched_count;
	size_t left;	     /* unwatched cgroups left to scan in this round */
	uint64_t next_round; /* when to scan all of them again, in usec of CLOCK_MONOTONIC */
	/* where to resume within the one at the head, when it has very many children */
	uint64_t listed_id;
	long position;
	uint32_t walk; /* number of that walk */
};

TAILQ_HEAD(watch_shares, watch_share);

/** Callbacks. A cgroup's parent appears before it and vanishes after it. */
struct watch_listener {
	/** Returns 0, or -ENOMEM: the cgroup then vanishes and is retried later. */
	int (*appeared)(struct cgroup *cgroup, void *userdata);
	/** The cgroup is freed after this. */
	void (*vanished)(struct cgroup *cgroup, void *userdata);
	void *userdata;
	/**
	 * Processes may have been moved into the cgroup. Or NULL, which has fewer events to read: this takes one for
	 * each write to a file of a cgroup. Not told of processes that were created in it or are in a cgroup without a
	 * watch.
	 */
	void (*entered)(struct cgroup *cgroup, void *userdata);
};

/** Keeps a tree in sync with a cgroup2 mount. */
struct watch {
	int inotify; /* readable when watch_read() has work */
	int root;    /* the mount's directory */
	struct cgroup_tree tree;
	struct watch_shares shares;
	struct watch_listener listener;
	uint32_t walk;	  /* number of the last walk */
	int failure;	  /* negative errno of the last failed scan, permission errors excepted; or 0 */
	size_t names;	  /* of children, read by the last watch_look() */
	size_t unwatched; /* cgroups without a watch, for which watch_look() must be called periodically */
	bool told_about_limit;
	bool told_about_failure;
	char path[CGROUP_PATH_SIZE];
};

#endif
