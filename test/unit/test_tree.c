/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "cgroup/tree.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_LENGTH = 255 };

static int make_tree(void **state)
{
	struct cgroup_tree *tree = calloc(1, sizeof(*tree));

	if (tree == NULL || cgroup_tree_init(tree, 1) < 0)
		return -1;
	*state = tree;
	return 0;
}

static int free_tree(void **state)
{
	cgroup_tree_clear(*state);
	free(*state);
	return 0;
}

static struct cgroup *add(struct cgroup_tree *tree, struct cgroup *parent, const char *name, uint64_t id)
{
	struct cgroup *cgroup = cgroup_add(tree, parent, name, id);

	assert_non_null(cgroup);
	return cgroup;
}

static void assert_path(const struct cgroup *cgroup, const char *wanted)
{
	char path[CGROUP_PATH_SIZE];

	assert_int_equal(cgroup_path(cgroup, path), strlen(wanted));
	assert_string_equal(path, wanted);
}

static void test_root(void **state)
{
	struct cgroup_tree *tree = *state;

	assert_int_equal(tree->root->id, 1);
	assert_int_equal(tree->root->level, 0);
	assert_int_equal(tree->count, 0);
	assert_null(tree->root->parent);
	assert_null(cgroup_next(tree->root));
	assert_path(tree->root, "/");
}

static void test_add(void **state)
{
	struct cgroup_tree *tree = *state;
	char name[] = "system.slice";
	struct cgroup *slice = add(tree, tree->root, name, UINT64_MAX);
	struct cgroup *service = add(tree, slice, "docker.service", 3);

	name[0] = '#'; /* the name was copied */
	assert_string_equal(slice->name, "system.slice");
	assert_int_equal(slice->id, UINT64_MAX);
	assert_int_equal(slice->level, 1);
	assert_int_equal(slice->watch, NO_WATCH);
	assert_ptr_equal(slice->parent, tree->root);
	assert_int_equal(service->level, 2);
	assert_int_equal(tree->count, 2);
	assert_path(slice, "/system.slice");
	assert_path(service, "/system.slice/docker.service");
}

/* A name counts below its parent only, and every byte of it counts. */
static void test_child(void **state)
{
	struct cgroup_tree *tree = *state;
	struct cgroup *a = add(tree, tree->root, "a", 2);
	struct cgroup *b = add(tree, tree->root, "b", 3);
	struct cgroup *same_in_a = add(tree, a, "same", 4);
	struct cgroup *same_in_b = add(tree, b, "same", 5);
	struct cgroup *odd = add(tree, a, "\xff\n \\", 6);

	assert_ptr_equal(cgroup_child(tree, tree->root, "a"), a);
	assert_ptr_equal(cgroup_child(tree, a, "same"), same_in_a);
	assert_ptr_equal(cgroup_child(tree, b, "same"), same_in_b);
	assert_ptr_equal(cgroup_child(tree, a, "\xff\n \\"), odd);
	assert_null(cgroup_child(tree, tree->root, "same"));
	assert_null(cgroup_child(tree, a, "sam"));
	assert_null(cgroup_child(tree, a, "same2"));
	assert_null(cgroup_child(tree, a, "Same"));
	assert_null(cgroup_child(tree, same_in_a, "same"));
}

static void test_remove(void **state)
{
	struct cgroup_tree *tree = *state;
	struct cgroup *parent = add(tree, tree->root, "parent", 2);
	struct cgroup *first = add(tree, parent, "first", 3);
	struct cgroup *second = add(tree, parent, "second", 4);

	assert_int_equal(cgroup_set_watch(tree, first, 7), 0);
	cgroup_remove(tree, first);
	assert_null(cgroup_child(tree, parent, "first"));
	assert_null(cgroup_by_watch(tree, 7));
	assert_ptr_equal(cgroup_child(tree, parent, "second"), second);
	assert_int_equal(tree->count, 2);

	/* the name may be used again, by another cgroup */
	first = add(tree, parent, "first", 5);
	assert_ptr_equal(cgroup_child(tree, parent, "first"), first);
	assert_int_equal(first->watch, NO_WATCH);

	cgroup_remove(tree, first);
	cgroup_remove(tree, second);
	cgroup_remove(tree, parent);
	assert_int_equal(tree->count, 0);
	assert_null(cgroup_next(tree->root));
}

static void test_watch(void **state)
{
	struct cgroup_tree *tree = *state;
	struct cgroup *a = add(tree, tree->root, "a", 2);
	struct cgroup *b = add(tree, tree->root, "b", 3);
	struct cgroup *unwatched = add(tree, tree->root, "c", 4);

	assert_null(cgroup_by_watch(tree, 1));
	assert_int_equal(cgroup_set_watch(tree, tree->root, 1), 0);
	assert_int_equal(cgroup_set_watch(tree, a, 3), 0);
	assert_int_equal(cgroup_set_watch(tree, b, 2), 0);
	assert_ptr_equal(cgroup_by_watch(tree, 1), tree->root);
	assert_ptr_equal(cgroup_by_watch(tree, 2), b);
	assert_ptr_equal(cgroup_by_watch(tree, 3), a);
	assert_null(cgroup_by_watch(tree, 4));
	/* removing one without a watch takes no other's */
	cgroup_remove(tree, unwatched);
	assert_null(cgroup_by_watch(tree, NO_WATCH));
	assert_ptr_equal(cgroup_by_watch(tree, 3), a);
}

/* Walks and notes the names, as "a b c". */
static void walk(const struct cgroup *from, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	for (const struct cgroup *at = from; at != NULL; at = cgroup_next(at))
		used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", at->name);
}

static void test_next(void **state)
{
	struct cgroup_tree *tree = *state;
	struct cgroup *a = add(tree, tree->root, "a", 2);
	struct cgroup *a1 = add(tree, a, "a1", 3);
	bool a_is_first = false;
	bool a1_is_first = false;
	char names[64];

	add(tree, a, "a2", 4);
	add(tree, a1, "a1x", 5);
	add(tree, tree->root, "b", 6);
	a_is_first = cgroup_next(tree->root) == a;
	a1_is_first = cgroup_next(a) == a1;

	/* the order of siblings is nobody's business, but each comes with all that is below it, behind it */
	walk(tree->root, names, sizeof(names));
	if (a_is_first)
		assert_string_equal(names, a1_is_first ? "a a1 a1x a2 b" : "a a2 a1 a1x b");
	else
		assert_string_equal(names, a1_is_first ? "b a a1 a1x a2" : "b a a2 a1 a1x");
}

/* The deepest path that the kernel can match, of the longest names: 255 levels of 255 bytes. */
static void test_deepest_path(void **state)
{
	struct cgroup_tree *tree = *state;
	struct cgroup *at = tree->root;
	char *path = malloc(CGROUP_PATH_SIZE);
	char name[NAME_LENGTH + 1];
	size_t visited = 0;

	assert_non_null(path);
	for (unsigned level = 1; level <= CGROUP_DEPTH_MAX; level++) {
		memset(name, 'a' + (int)(level % 26), NAME_LENGTH);
		name[NAME_LENGTH] = '\0';
		at = add(tree, at, name, level + 1);
		assert_int_equal(at->level, level);
	}
	assert_int_equal(cgroup_path(at, path), CGROUP_PATH_SIZE - 1);
	assert_int_equal(strlen(path), CGROUP_PATH_SIZE - 1);
	for (unsigned level = 1; level <= CGROUP_DEPTH_MAX; level++) {
		const char *part = path + (size_t)(level - 1) * (NAME_LENGTH + 1);

		memset(name, 'a' + (int)(level % 26), NAME_LENGTH);
		assert_int_equal(*part, '/');
		assert_memory_equal(part + 1, name, NAME_LENGTH);
	}
	free(path);
	for (const struct cgroup *cgroup = cgroup_next(tree->root); cgroup != NULL; cgroup = cgroup_next(cgroup))
		visited++;
	assert_int_equal(visited, CGROUP_DEPTH_MAX);
}

static void test_many_children(void **state)
{
	enum { CHILDREN = 20000 };
	struct cgroup_tree *tree = *state;
	char name[16];
	size_t visited = 0;

	for (unsigned i = 0; i < CHILDREN; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		assert_int_equal(cgroup_set_watch(tree, add(tree, tree->root, name, i + 2), (int)i + 1), 0);
	}
	assert_int_equal(tree->count, CHILDREN);
	for (unsigned i = 0; i < CHILDREN; i += 2) {
		snprintf(name, sizeof(name), "c%u", i);
		cgroup_remove(tree, cgroup_child(tree, tree->root, name));
	}
	for (const struct cgroup *at = cgroup_next(tree->root); at != NULL; at = cgroup_next(at))
		visited++;
	assert_int_equal(visited, CHILDREN / 2);
	assert_int_equal(tree->count, CHILDREN / 2);
	for (unsigned i = 0; i < CHILDREN; i++) {
		const struct cgroup *found = cgroup_by_watch(tree, (int)i + 1);

		snprintf(name, sizeof(name), "c%u", i);
		assert_ptr_equal(found, cgroup_child(tree, tree->root, name));
		assert_int_equal(found != NULL, i % 2 == 1);
	}
}

/* A walk that is interrupted goes on behind what was removed meanwhile, and ends with the tree. */
static void test_cursor(void **state)
{
	struct cgroup_tree *tree = *state;
	struct cgroup *last = add(tree, tree->root, "last", 2); /* new children come first */
	struct cgroup *first = add(tree, tree->root, "first", 3);
	struct cgroup *child = add(tree, first, "child", 4);

	tree->cursor = child;
	cgroup_remove(tree, child);
	assert_ptr_equal(tree->cursor, last);
	cgroup_remove(tree, first);
	assert_ptr_equal(tree->cursor, last);
	cgroup_remove(tree, last);
	assert_null(tree->cursor);
	tree->cursor = tree->root;
	cgroup_tree_clear(tree);
	assert_null(tree->cursor);
}

/* A tree may be cleared twice and made anew. */
static void test_clear(void **state)
{
	struct cgroup_tree *tree = *state;

	add(tree, add(tree, tree->root, "a", 2), "b", 3);
	cgroup_tree_clear(tree);
	assert_null(tree->root);
	assert_int_equal(tree->count, 0);
	cgroup_tree_clear(tree);
	assert_int_equal(cgroup_tree_init(tree, 9), 0);
	assert_null(cgroup_child(tree, tree->root, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_add, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_child, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_remove, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_watch, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_next, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_deepest_path, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_many_children, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_cursor, make_tree, free_tree),
		cmocka_unit_test_setup_teardown(test_clear, make_tree, free_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
