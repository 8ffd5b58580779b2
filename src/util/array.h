/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ARRAY_H
#define CGTPROXY_UTIL_ARRAY_H

#include <stddef.h>

/**
 * Grows an array to hold @count items, doubling its capacity.
 *
 * @items:    the array, allocated with malloc(), or NULL
 * @capacity: current capacity in items; updated
 * @count:    items that must fit
 * @size:     of one item, in bytes
 *
 * Returns the array, possibly moved, or NULL (leaving @items valid) when out of memory.
 */
void *array_reserve(void *items, size_t *capacity, size_t count, size_t size);

#endif
