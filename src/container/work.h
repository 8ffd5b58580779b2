/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_WORK_H
#define CGTPROXY_CONTAINER_WORK_H

#include "container/state.h"

#include <stdbool.h>
#include <stdint.h>

/* The work of keeping the model right, in units of some ten microseconds. */

/** Returns when there is work of a kind, however long it is to rest: 0 for at once, UINT64_MAX for never. */
uint64_t work_due(const struct containers *containers, enum work work);

/** Does a unit of it. */
void work_do(struct containers *containers, enum work work, uint64_t (*clock)(void));

/** Returns how long it then rests, as a multiple of the time that was spent on it. */
unsigned work_rest(enum work work);

#endif
