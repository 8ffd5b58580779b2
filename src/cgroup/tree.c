/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/tree.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *left, const void *right)
{
	const struct cgroup *a = left;
	const struct cgroup *b = right;

	if (a->parent != b->parent)
		return (uintptr_t)a->parent < (uintptr_t)b->parent ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int compare_watches(const void *left, const void *right)
{
	const struct cgroup *a = left;
	const struct cgroup *b = right;

	return (a->watch > b->watch) - (a->watch < b->watch);
}

static struct cgroup *found(void *const *node)
{
	return node != NULL ? *(struct cgroup *const *)node : NULL;
}

static struct cgroup *make(struct cgroup *parent, const char *name, uint64_t id)
{
	size_t size = strlen(name) + 1;
	struct cgroup *cgroup = malloc(sizeof(*cgroup) + size);

	if (cgroup == NULL)
		return NULL;
	*cgroup = (struct cgroup){
		.id = id,
		.parent = parent,
		.name = memcpy(cgroup + 1, name, size),
		.watch = NO_WATCH,
		.level = parent != NULL ? parent->level + 1 : 0,
	};
	LIST_INIT(&cgroup->children);
	return cgroup;
}

int cgroup_tree_init(struct cgroup_tree *tree, uint64_t root_id)
{
	*tree = (struct cgroup_tree){.root = make(NULL, "", root_id), .depth = CGROUP_DEPTH_MAX};
	return tree->root != NULL ? 0 : -ENOMEM;
}

struct cgroup *cgroup_add(struct cgroup_tree *tree, struct cgroup *parent, const char *name, uint64_t id)
{
	struct cgroup *cgroup = make(parent, name, id);

	if (cgroup == NULL)
		return NULL;
	if (tsearch(cgroup, &tree->by_name, compare_names) == NULL) {
		free(cgroup);
		return NULL;
	}
	LIST_INSERT_HEAD(&parent->children, cgroup, sibling);
	tree->count++;
	return cgroup;
}

struct cgroup *cgroup_child(const struct cgroup_tree *tree, struct cgroup *parent, const char *name)
{
	const struct cgroup key = {.parent = parent, .name = name};

	return found(tfind(&key, &tree->by_name, compare_names));
}

void cgroup_drop_watch(struct cgroup_tree *tree, struct cgroup *cgroup)
{
	tdelete(cgroup, &tree->by_watch, compare_watches);
	cgroup->watch = NO_WATCH;
}

static void release(struct cgroup_tree *tree, struct cgroup *cgroup)
{
	if (cgroup->watch != NO_WATCH)
		cgroup_drop_watch(tree, cgroup);
	free(cgroup);
}

void cgroup_remove(struct cgroup_tree *tree, struct cgroup *cgroup)
{
	if (tree->cursor == cgroup)
		tree->cursor = cgroup_next(cgroup);
	tdelete(cgroup, &tree->by_name, compare_names);
	LIST_REMOVE(cgroup, sibling);
	tree->count--;
	release(tree, cgroup);
}

int cgroup_set_watch(struct cgroup_tree *tree, struct cgroup *cgroup, int watch)
{
	cgroup->watch = watch;
	if (tsearch(cgroup, &tree->by_watch, compare_watches) != NULL)
		return 0;
	cgroup->watch = NO_WATCH;
	return -ENOMEM;
}

struct cgroup *cgroup_by_watch(const struct cgroup_tree *tree, int watch)
{
	const struct cgroup key = {.watch = watch};

	return found(tfind(&key, &tree->by_watch, compare_watches));
}

bool cgroup_wants_watch(const struct cgroup_tree *tree, const struct cgroup *cgroup)
{
	return cgroup->watch == NO_WATCH && cgroup->level < tree->depth;
}

size_t cgroup_path(const struct cgroup *cgroup, char *path)
{
	size_t length = 0;
	char *end = NULL;

	if (cgroup->parent == NULL) {
		memcpy(path, "/", sizeof("/"));
		return 1;
	}
	for (const struct cgroup *at = cgroup; at->parent != NULL; at = at->parent)
		length += 1 + strlen(at->name);
	end = path + length;
	*end = '\0';
	for (const struct cgroup *at = cgroup; at->parent != NULL; at = at->parent) {
		size_t name = strlen(at->name);

		end -= name;
		memcpy(end, at->name, name);
		*--end = '/';
	}
	return length;
}

char *cgroup_path_copy(const struct cgroup *cgroup)
{
	size_t size = sizeof("/");
	char *path = NULL;

	for (const struct cgroup *at = cgroup; at->parent != NULL; at = at->parent)
		size += 1 + strlen(at->name);
	path = malloc(size);
	if (path != NULL)
		cgroup_path(cgroup, path);
	return path;
}

static int rank(char character)
{
	if (character == '\0')
		return -2;
	return character == '/' ? -1 : (unsigned char)character;
}

int cgroup_path_compare(const char *one, const char *other)
{
	while (*one == *other && *one != '\0') {
		one++;
		other++;
	}
	return rank(*one) - rank(*other);
}

struct cgroup *cgroup_next(const struct cgroup *cgroup)
{
	if (!LIST_EMPTY(&cgroup->children))
		return LIST_FIRST(&cgroup->children);
	while (cgroup->parent != NULL && LIST_NEXT(cgroup, sibling) == NULL)
		cgroup = cgroup->parent;
	return cgroup->parent != NULL ? LIST_NEXT(cgroup, sibling) : NULL;
}

static int compare_ids(const void *left, const void *right)
{
	const uint64_t *a = left;
	const uint64_t *b = right;

	return (*a > *b) - (*a < *b);
}

int cgroup_ids_list(struct cgroup_ids *ids, const struct cgroup *root)
{
	size_t count = 0;

	for (const struct cgroup *cgroup = root; cgroup != NULL; cgroup = cgroup_next(cgroup))
		count++;
	ids->items = calloc(count + 1, sizeof(*ids->items));
	if (ids->items == NULL)
		return -ENOMEM;
	for (const struct cgroup *cgroup = root; cgroup != NULL; cgroup = cgroup_next(cgroup))
		ids->items[ids->count++] = cgroup->id;
	qsort(ids->items, count, sizeof(*ids->items), compare_ids);
	return 0;
}

bool cgroup_ids_have(const struct cgroup_ids *ids, uint64_t id)
{
	return ids->count > 0 && bsearch(&id, ids->items, ids->count, sizeof(id), compare_ids) != NULL;
}

void cgroup_ids_clear(struct cgroup_ids *ids)
{
	free(ids->items);
	*ids = (struct cgroup_ids){0};
}

uint32_t cgroup_tree_deepest_level(const struct cgroup_tree *tree)
{
	uint32_t deepest = 0;

	for (const struct cgroup *cgroup = tree->root; cgroup != NULL; cgroup = cgroup_next(cgroup)) {
		if (cgroup->level > deepest)
			deepest = cgroup->level;
	}
	return deepest;
}

void cgroup_tree_clear(struct cgroup_tree *tree)
{
	struct cgroup *at = tree->root;

	while (at != NULL) {
		struct cgroup *parent = at->parent;

		if (!LIST_EMPTY(&at->children)) {
			at = LIST_FIRST(&at->children);
			continue;
		}
		if (parent != NULL)
			cgroup_remove(tree, at);
		else
			release(tree, at);
		at = parent;
	}
	*tree = (struct cgroup_tree){0};
}
