/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ARRAY_H
#define CGTPROXY_UTIL_ARRAY_H

#include <stddef.h>

/**
 * Grows an array so that it holds @count items, doubling its capacity.
 *
 * @items:    the array, from malloc, or NULL
 * @capacity: items that fit now; updated
 * @count:    items that must fit
 * @size:     of one item, in bytes
 *
 * Returns the array, perhaps moved, or NULL (and leaves @items valid) when there is no memory.
 */
void *array_reserve(void *items, size_t *capacity, size_t count, size_t size);

#endif
