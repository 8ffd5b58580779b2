/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/array.h"

#include <stdlib.h>

void *array_reserve(void *items, size_t *capacity, size_t count, size_t size)
{
	size_t grown = *capacity < 8 ? 8 : *capacity;
	void *moved = NULL;

	if (count <= *capacity)
		return items;
	while (grown < count)
		grown *= 2;
	moved = reallocarray(items, grown, size);
	if (moved != NULL)
		*capacity = grown;
	return moved;
}
