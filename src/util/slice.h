/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_SLICE_H
#define CGTPROXY_UTIL_SLICE_H

#include <stdint.h>

/**
 * Requests a shorter time slice for this process, so that it gets the CPU sooner when it wakes up
 * (sched_attr.sched_runtime with SCHED_OTHER, since Linux 6.12; older kernels ignore it). Needs no privileges and
 * leaves the nice value and everything else unchanged.
 *
 * @nanoseconds: 100,000 or more
 *
 * Returns 0 or a negative errno.
 */
int slice_set(uint64_t nanoseconds);

#endif
