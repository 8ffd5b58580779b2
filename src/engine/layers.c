/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/layers.h"

#include "util/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct node {
	struct interval interval;
	size_t order;
	size_t height; /* how many are nested in it, at the deepest place */
	bool is_left;
};

/* The nodes that the current one is nested in, the innermost last. Each comes earlier in the array than its outer one.
 */
struct nesting {
	struct node **nodes;
	size_t count;
};

/* The outer ones first; of equal ones the first of the array. */
static int compare_nodes(const void *left, const void *right)
{
	const struct node *one = left;
	const struct node *other = right;
	int order = memcmp(one->interval.first, other->interval.first, sizeof(one->interval.first));

	if (order == 0)
		order = memcmp(other->interval.last, one->interval.last, sizeof(one->interval.last));
	return order != 0 ? order : (one->order > other->order) - (one->order < other->order);
}

/* What is nested in the innermost node is known by now. */
static void leave(struct nesting *nesting)
{
	struct node *node = nesting->nodes[--nesting->count];
	struct node *outer = nesting->count > 0 ? nesting->nodes[nesting->count - 1] : NULL;
	size_t height = node->height + 1;

	if (outer == NULL)
		return;
	if (verdict_equal(outer->interval.verdict, node->interval.verdict)) {
		node->is_left = false;
		height--;
	}
	if (outer->height < height)
		outer->height = height;
}

static void enter(struct nesting *nesting, struct node *node, size_t size)
{
	while (nesting->count > 0 &&
	       memcmp(nesting->nodes[nesting->count - 1]->interval.last, node->interval.first, size) < 0)
		leave(nesting);
	/* an outer one that comes earlier decides */
	if (nesting->count > 0 && nesting->nodes[nesting->count - 1]->order < node->order)
		return;
	node->is_left = true;
	nesting->nodes[nesting->count++] = node;
}

int layers_make(struct interval *intervals, size_t *count, size_t size, size_t *layers)
{
	CLEANUP(freep) struct node *nodes = calloc(*count + 1, sizeof(*nodes));
	CLEANUP(freep) struct node **nested = calloc(*count + 1, sizeof(struct node *));
	struct nesting nesting = {.nodes = nested};
	size_t left = 0;

	if (nodes == NULL || nested == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < *count; i++)
		nodes[i] = (struct node){.interval = intervals[i], .order = i};
	qsort(nodes, *count, sizeof(*nodes), compare_nodes);
	for (size_t i = 0; i < *count; i++)
		enter(&nesting, &nodes[i], size);
	while (nesting.count > 0)
		leave(&nesting);
	for (size_t i = 0; i < *count; i++) {
		if (!nodes[i].is_left)
			continue;
		layers[left] = nodes[i].height;
		intervals[left++] = nodes[i].interval;
	}
	*count = left;
	return 0;
}
