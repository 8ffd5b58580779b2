/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_WATCH_STATE_H
#define CGTPROXY_CGROUP_WATCH_STATE_H

#include "cgroup/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* What the watch consists of, for the files that do its work: watch.c, scan.c and share.c. */

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

/** Whom to tell. A cgroup's parent appears before it and vanishes after it. */
struct watch_listener {
	/** Returns 0, or -ENOMEM, whereupon it vanishes and is tried again later. */
	int (*appeared)(struct cgroup *cgroup, void *userdata);
	/** The cgroup is freed after this. */
	void (*vanished)(struct cgroup *cgroup, void *userdata);
	void *userdata;
};

/** Keeps a tree in step with a cgroup2 mount. */
struct watch {
	int inotify; /* readable when watch_read() has work */
	int root;    /* the mount's directory */
	struct cgroup_tree tree;
	struct watch_shares shares;
	struct watch_listener listener;
	uint32_t walk;	  /* number of the last walk */
	int failure;	  /* negative errno of the last failure to look at a cgroup, but for want of permission; or 0 */
	size_t names;	  /* of children, that the last watch_look() has read */
	size_t unwatched; /* cgroups that have no watch, so that watch_look() must be called now and then */
	bool told_about_limit;
	bool told_about_failure;
	char path[CGROUP_PATH_SIZE];
};

#endif
