/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_LAYERS_H
#define CGTPROXY_ENGINE_LAYERS_H

#include "engine/intervals.h"

#include <stddef.h>

/**
 * Resolves overlaps of intervals that are nested in each other or disjoint, as those of prefixes are, without cutting
 * them: nested ones are in different layers. A key has the verdict that it has in the first layer with an interval that
 * has it, which is that of the first interval in the array.
 *
 * @intervals: sorted by their first keys, and without those that make no difference
 * @size:      of the keys, in bytes
 * @layers:    room for @count numbers, set to the layer of each that is left, from 0 on
 *
 * Returns 0 or -ENOMEM.
 */
int layers_make(struct interval *intervals, size_t *count, size_t size, size_t *layers);

#endif
