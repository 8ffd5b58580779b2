/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_CLOCK_H
#define CGTPROXY_UTIL_CLOCK_H

#include <stdint.h>

#define USEC_PER_SEC UINT64_C(1000000)

/** Returns the time of CLOCK_MONOTONIC in usec. */
uint64_t clock_now(void);

#endif
