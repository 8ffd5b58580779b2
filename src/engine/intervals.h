/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_INTERVALS_H
#define CGTPROXY_ENGINE_INTERVALS_H

#include "config/config.h"
#include "nft/set.h"
#include "nft/verdict.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Intervals of keys, which are bytes in the order of their significance: addresses, or names of interfaces. The
 * kernel's interval sets refuse ones that overlap.
 */

/** Both ends are inclusive; only as many bytes as the keys have are used, the others are zero. */
struct interval {
	uint8_t first[SET_KEY_MAX];
	uint8_t last[SET_KEY_MAX];
	const struct verdict *verdict; /* of its keys, or NULL */
};

/** Returns the interval of all addresses of a network, without a verdict. */
struct interval interval_of_network(const struct network *network);

/** Returns the interval of all keys of @size bytes that begin with the given ones, without a verdict. */
struct interval interval_of_prefix(const void *prefix, size_t length, size_t size);

/**
 * Resolves overlaps: each key gets the verdict of the first interval in the array that has it. Neighbours with equal
 * verdicts become one.
 *
 * @intervals: replaced by fewer or more, in ascending order, to be freed with free(), even if this fails
 * @size:      of the keys, in bytes
 *
 * Returns 0 or -ENOMEM.
 */
int intervals_flatten(struct interval **intervals, size_t *count, size_t size);

/** Adds intervals to an interval set. Returns 0 or -ENOMEM. */
int intervals_add(struct set *set, const struct interval *intervals, size_t count);

#endif
