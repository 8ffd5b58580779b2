/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/bypass.h"

#include "util/address.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Inclusive, in network byte order; IPv4 uses the first four bytes. */
struct interval {
	uint8_t first[16];
	uint8_t last[16];
};

static struct interval interval_of(const struct network *network)
{
	size_t size = address_size(network->family);
	struct interval interval = {{0}, {0}};

	memcpy(interval.first, &network->ip6, size);
	memcpy(interval.last, &network->ip6, size);
	for (unsigned bit = network->prefix; bit < size * 8; bit++)
		interval.last[bit / 8] |= (uint8_t)(0x80U >> (bit % 8));
	return interval;
}

static int compare_intervals(const void *left, const void *right)
{
	return memcmp(((const struct interval *)left)->first, ((const struct interval *)right)->first,
		      sizeof(((const struct interval *)left)->first));
}

/* Whether the second begins within the first or right after it; the first must not begin later. */
static bool touches(const struct interval *one, const struct interval *other, size_t size)
{
	uint8_t behind[sizeof(one->last)];

	memcpy(behind, one->last, sizeof(behind));
	for (size_t i = size; i > 0 && ++behind[i - 1] == 0; i--)
		;
	return memcmp(other->first, one->last, size) <= 0 || memcmp(other->first, behind, size) == 0;
}

/* The kernel's interval sets reject overlaps; adjacent intervals are merged for the reader's sake as well. */
static size_t merge(struct interval *intervals, size_t count, size_t size)
{
	size_t merged = 0;

	qsort(intervals, count, sizeof(*intervals), compare_intervals);
	for (size_t i = 1; i < count; i++) {
		if (!touches(&intervals[merged], &intervals[i], size))
			intervals[++merged] = intervals[i];
		else if (memcmp(intervals[i].last, intervals[merged].last, size) > 0)
			memcpy(intervals[merged].last, intervals[i].last, size);
	}
	return merged + 1;
}

int bypass_add(struct set *set, const struct config *config, int family)
{
	CLEANUP(freep) struct interval *intervals = calloc(config->bypass_count + 1, sizeof(*intervals));
	size_t count = 0;
	int error = 0;

	if (intervals == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < config->bypass_count; i++) {
		if (config->bypass[i].family == family)
			intervals[count++] = interval_of(&config->bypass[i]);
	}
	if (count > 0)
		count = merge(intervals, count, address_size(family));
	for (size_t i = 0; i < count && error == 0; i++)
		error = set_add_interval(set, intervals[i].first, intervals[i].last, NULL);
	return error;
}
