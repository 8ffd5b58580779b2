/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_TREE_H
#define CGTPROXY_CGROUP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* The known cgroups. The tree is independent of rules; members that the engine keeps per cgroup are marked as such. */

enum {
	/* The kernel can't match deeper levels, so cgroups below get the verdict of their ancestor at this level. */
	CGROUP_DEPTH_MAX = 255,
	/* '/' and a name of NAME_MAX bytes for each level, and a NUL */
	CGROUP_PATH_SIZE = CGROUP_DEPTH_MAX * 256 + 1,
};

struct watch_share;
struct occupant;

/** The engine's decision about a cgroup under one config, see engine/plan.h. */
struct cgroup_decision {
	int32_t rule;  /* the one that applies */
	uint32_t slot; /* of its element in the plan */
};

enum { CGROUP_DECISIONS = 2 }; /* of the config in force and of its successor */

struct cgroup {
	uint64_t id; /* kernfs id, not reused until the next boot */
	struct cgroup *parent;
	LIST_HEAD(cgroup_list, cgroup) children;
	LIST_ENTRY(cgroup) sibling;
	const char *name;	   /* at most NAME_MAX arbitrary bytes; "" for the root */
	struct watch_share *share; /* the watch's; see cgroup/share.h */
	struct occupant *occupant; /* see container/occupants.h; NULL without containers */
	TAILQ_ENTRY(cgroup) in_share;
	int watch;					    /* inotify watch descriptor or NO_WATCH */
	uint32_t level;					    /* 0 for the root */
	uint32_t last_seen;				    /* number of the last walk that saw it */
	struct cgroup_decision decisions[CGROUP_DECISIONS]; /* the engine's */
};

enum { NO_WATCH = -1 };

TAILQ_HEAD(cgroup_queue, cgroup);

struct cgroup_tree {
	struct cgroup *root;
	void *by_name;	/* tsearch(3) */
	void *by_watch; /* tsearch(3) */
	size_t count;	/* without the root */
	uint32_t depth; /* deepest level that is scanned; at most CGROUP_DEPTH_MAX */
	/* where a walk in pieces continues, or NULL; moves to the next cgroup when that one is removed */
	const struct cgroup *cursor;
};

/**
 * Creates a tree with only a root.
 *
 * Returns 0 or -ENOMEM.
 */
int cgroup_tree_init(struct cgroup_tree *tree, uint64_t root_id);

/** Frees all cgroups of a tree. */
void cgroup_tree_clear(struct cgroup_tree *tree);

/**
 * Adds a cgroup without a watch.
 *
 * Returns it (owned by the tree), or NULL when out of memory.
 */
struct cgroup *cgroup_add(struct cgroup_tree *tree, struct cgroup *parent, const char *name, uint64_t id);

/** Returns the child with that name or NULL. */
struct cgroup *cgroup_child(const struct cgroup_tree *tree, struct cgroup *parent, const char *name);

/** Removes and frees a cgroup that has no children. */
void cgroup_remove(struct cgroup_tree *tree, struct cgroup *cgroup);

/**
 * Records the inotify watch of a cgroup that has none yet.
 *
 * Returns 0 or -ENOMEM.
 */
int cgroup_set_watch(struct cgroup_tree *tree, struct cgroup *cgroup, int watch);

/** Forgets the watch of a cgroup that has one. */
void cgroup_drop_watch(struct cgroup_tree *tree, struct cgroup *cgroup);

/** Returns the cgroup with that watch or NULL. */
struct cgroup *cgroup_by_watch(const struct cgroup_tree *tree, int watch);

/** Returns whether a cgroup should have a watch but has none. */
bool cgroup_wants_watch(const struct cgroup_tree *tree, const struct cgroup *cgroup);

/**
 * Writes a cgroup's path below the mount, with a leading '/'; the root's is "/".
 *
 * @path: CGROUP_PATH_SIZE bytes
 *
 * Returns its length.
 */
size_t cgroup_path(const struct cgroup *cgroup, char *path);

/** Returns the path, which the caller frees, or NULL when out of memory. */
char *cgroup_path_copy(const struct cgroup *cgroup);

/**
 * Compares paths like strcmp(), but with the slash as the lowest character: a parent sorts before its children, and
 * they before its next sibling.
 */
int cgroup_path_compare(const char *one, const char *other);

/** Returns the next cgroup of a pre-order walk, or NULL at its end; start with the root. */
struct cgroup *cgroup_next(const struct cgroup *cgroup);

/** A snapshot of all cgroup ids. */
struct cgroup_ids {
	uint64_t *items; /* ascending; NULL before they are listed */
	size_t count;
};

/**
 * Lists the ids of all cgroups in a tree.
 *
 * @ids: zeroed; free with cgroup_ids_clear() if this returns 0
 *
 * Returns 0 or -ENOMEM.
 */
int cgroup_ids_list(struct cgroup_ids *ids, const struct cgroup *root);

bool cgroup_ids_have(const struct cgroup_ids *ids, uint64_t id);

void cgroup_ids_clear(struct cgroup_ids *ids);

/** Returns the level of the deepest cgroup; 0 when there is only the root. */
uint32_t cgroup_tree_deepest_level(const struct cgroup_tree *tree);

#endif
