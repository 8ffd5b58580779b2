/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/claims.h"

#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const struct claim *one = left;
	const struct claim *other = right;

	return container_element_compare(&one->element, &other->element);
}

void claims_sort(struct claims *claims)
{
	if (claims->count > 0)
		qsort(claims->items, claims->count, sizeof(*claims->items), compare);
}

static int reserve(struct claims *claims, size_t more)
{
	struct claim *items = array_reserve(claims->items, &claims->capacity, claims->count + more + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	claims->items = items;
	return 0;
}

int claims_add(struct claims *claims, uint64_t number, const struct container_elements *elements)
{
	if (reserve(claims, elements->count) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < elements->count; i++)
		claims->items[claims->count++] = (struct claim){elements->items[i], number};
	return 0;
}

static void drop(struct claims *claims, uint64_t number)
{
	size_t left = 0;

	for (size_t i = 0; i < claims->count; i++) {
		if (claims->items[i].number != number)
			claims->items[left++] = claims->items[i];
	}
	claims->count = left;
}

/* Puts a few among the many, for which there is room, from the end on. */
static void merge(struct claims *claims, const struct claims *few)
{
	size_t from = claims->count;
	size_t left = few->count;

	claims->count += few->count;
	for (size_t to = claims->count; left > 0; to--) {
		if (from > 0 && compare(&claims->items[from - 1], &few->items[left - 1]) > 0)
			claims->items[to - 1] = claims->items[--from];
		else
			claims->items[to - 1] = few->items[--left];
	}
}

int claims_replace(struct claims *claims, uint64_t number, const struct container_elements *elements)
{
	CLEANUP(claims_clear) struct claims few = {0};

	if (claims_add(&few, number, elements) < 0 || reserve(claims, elements->count) < 0)
		return -ENOMEM;
	claims_sort(&few);
	drop(claims, number);
	merge(claims, &few);
	return 0;
}

int claims_settle(const struct claims *claims, struct container_elements *elements)
{
	for (size_t i = 0; i < claims->count; i++) {
		const struct container_element *element = &claims->items[i].element;
		struct container_element *last = elements->count > 0 ? &elements->items[elements->count - 1] : NULL;

		if (last != NULL && container_element_compare(last, element) == 0)
			last->target = container_stricter(last->target, element->target);
		else if (container_elements_put(elements, element) < 0)
			return -ENOMEM;
	}
	return 0;
}

void claims_clear(struct claims *claims)
{
	free(claims->items);
	*claims = (struct claims){0};
}
