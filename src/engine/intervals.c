/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/intervals.h"

#include "util/address.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct interval interval_of_network(const struct network *network)
{
	const size_t size = address_size(network->family);
	struct interval interval = {.verdict = NULL};

	memcpy(interval.first, &network->ip6, size);
	memcpy(interval.last, &network->ip6, size);
	for (unsigned bit = network->prefix; bit < size * 8; bit++)
		interval.last[bit / 8] |= (uint8_t)(0x80U >> (bit % 8));
	return interval;
}

struct interval interval_of_prefix(const void *prefix, size_t length, size_t size)
{
	struct interval interval = {.verdict = NULL};

	memcpy(interval.first, prefix, length);
	memcpy(interval.last, prefix, length);
	memset(interval.last + length, 0xff, size - length);
	return interval;
}

/* The keys of a sweep, from the least on, and the intervals that it has come to. */
struct sweep {
	const struct interval *intervals; /* in the order of the caller, who gives precedence to the first */
	const size_t *by_first;		  /* their indices, in the order of their first keys */
	size_t next;			  /* of by_first */
	size_t count;
	size_t *heap; /* indices of intervals; the least is at the top */
	size_t heap_count;
	size_t size;
	uint8_t at[SET_KEY_MAX];
};

static void heap_push(struct sweep *sweep, size_t index)
{
	size_t at = sweep->heap_count++;

	for (; at > 0 && sweep->heap[(at - 1) / 2] > index; at = (at - 1) / 2)
		sweep->heap[at] = sweep->heap[(at - 1) / 2];
	sweep->heap[at] = index;
}

static void heap_pop(struct sweep *sweep)
{
	const size_t moved = sweep->heap[--sweep->heap_count];
	size_t at = 0;

	while (2 * at + 1 < sweep->heap_count) {
		size_t child = 2 * at + 1;

		if (child + 1 < sweep->heap_count && sweep->heap[child + 1] < sweep->heap[child])
			child++;
		if (sweep->heap[child] > moved)
			break;
		sweep->heap[at] = sweep->heap[child];
		at = child;
	}
	sweep->heap[at] = moved;
}

static const struct interval *next_of(const struct sweep *sweep)
{
	return sweep->next < sweep->count ? &sweep->intervals[sweep->by_first[sweep->next]] : NULL;
}

static int compare_keys(const struct sweep *sweep, const uint8_t *one, const uint8_t *other)
{
	return memcmp(one, other, sweep->size);
}

/* Returns the first of the intervals that have the key which the sweep is at, or NULL. */
static const struct interval *find_first(struct sweep *sweep)
{
	const struct interval *next = NULL;

	while ((next = next_of(sweep)) != NULL && compare_keys(sweep, next->first, sweep->at) <= 0)
		heap_push(sweep, sweep->by_first[sweep->next++]);
	while (sweep->heap_count > 0 && compare_keys(sweep, sweep->intervals[sweep->heap[0]].last, sweep->at) < 0)
		heap_pop(sweep);
	return sweep->heap_count > 0 ? &sweep->intervals[sweep->heap[0]] : NULL;
}

/* Adds one to a key. Returns false after the last one. */
static bool increment(uint8_t *key, size_t size)
{
	for (size_t i = size; i > 0; i--) {
		if (++key[i - 1] != 0)
			return true;
	}
	return false;
}

static void decrement(uint8_t *key, size_t size)
{
	for (size_t i = size; i > 0 && key[i - 1]-- == 0; i--)
		;
}

static bool is_next_to(const struct interval *one, const struct interval *other, size_t size)
{
	uint8_t behind[SET_KEY_MAX];

	memcpy(behind, one->last, sizeof(behind));
	return increment(behind, size) && memcmp(behind, other->first, size) == 0;
}

static void append(struct interval *pieces, size_t *count, const struct interval *piece, size_t size)
{
	struct interval *last = *count > 0 ? &pieces[*count - 1] : NULL;

	if (last != NULL && is_next_to(last, piece, size) && verdict_equal(last->verdict, piece->verdict))
		memcpy(last->last, piece->last, sizeof(last->last));
	else
		pieces[(*count)++] = *piece;
}

/* A piece ends where its interval does, or before another one begins. */
static size_t sweep_up(struct sweep *sweep, struct interval *pieces)
{
	size_t count = 0;

	while (sweep->heap_count > 0 || next_of(sweep) != NULL) {
		const struct interval *first = find_first(sweep);
		const struct interval *next = next_of(sweep);
		struct interval piece = {.verdict = NULL};

		if (first == NULL && next == NULL)
			break;
		if (first == NULL) {
			memcpy(sweep->at, next->first, sizeof(sweep->at));
			continue;
		}
		piece = *first;
		memcpy(piece.first, sweep->at, sizeof(piece.first));
		if (next != NULL && compare_keys(sweep, next->first, piece.last) <= 0) {
			memcpy(piece.last, next->first, sizeof(piece.last));
			decrement(piece.last, sweep->size);
		}
		append(pieces, &count, &piece, sweep->size);
		memcpy(sweep->at, piece.last, sizeof(sweep->at));
		if (!increment(sweep->at, sweep->size))
			break;
	}
	return count;
}

/* An index and what it is sorted by. */
struct sorted {
	uint8_t first[SET_KEY_MAX];
	size_t index;
};

static int compare_sorted(const void *left, const void *right)
{
	const struct sorted *one = left;
	const struct sorted *other = right;

	return memcmp(one->first, other->first, sizeof(one->first));
}

/* Returns the indices of intervals in the order of their first keys, for free(), or NULL if out of memory. */
static size_t *sort_by_first(const struct interval *intervals, size_t count)
{
	CLEANUP(freep) struct sorted *sorted = calloc(count, sizeof(*sorted));
	size_t *by_first = calloc(count, sizeof(*by_first));

	if (sorted == NULL || by_first == NULL) {
		free(by_first);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(sorted[i].first, intervals[i].first, sizeof(sorted[i].first));
		sorted[i].index = i;
	}
	qsort(sorted, count, sizeof(*sorted), compare_sorted);
	for (size_t i = 0; i < count; i++)
		by_first[i] = sorted[i].index;
	return by_first;
}

int intervals_flatten(struct interval **intervals, size_t *count, size_t size)
{
	CLEANUP(freep) size_t *heap = NULL;
	CLEANUP(freep) size_t *by_first = NULL;
	struct interval *pieces = NULL;

	if (*count == 0)
		return 0;
	heap = calloc(*count, sizeof(*heap));
	by_first = sort_by_first(*intervals, *count);
	/* each piece begins where an interval does, or behind the end of one */
	pieces = calloc(2 * *count, sizeof(*pieces));
	if (heap == NULL || by_first == NULL || pieces == NULL) {
		free(pieces);
		return -ENOMEM;
	}
	*count = sweep_up(
		&(struct sweep){
			.intervals = *intervals, .by_first = by_first, .count = *count, .heap = heap, .size = size},
		pieces);
	free(*intervals);
	*intervals = pieces;
	return 0;
}

int intervals_add(struct set *set, const struct interval *intervals, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++)
		error = set_add_interval(set, intervals[i].first, intervals[i].last, intervals[i].verdict);
	return error;
}
