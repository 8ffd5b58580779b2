/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_RANDOM_H
#define CGTPROXY_TEST_UNIT_RANDOM_H

#include <stdint.h>

/** Returns the next of a sequence of numbers that is the same in each run. @random: the last one */
static inline uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return *random >> 8;
}

#endif
