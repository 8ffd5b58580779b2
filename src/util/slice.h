/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_SLICE_H
#define CGTPROXY_UTIL_SLICE_H

#include <stdint.h>

/**
 * Asks the scheduler for a shorter slice for this process, which is given the CPU the sooner for it when it wakes up
 * (sched_attr.sched_runtime with SCHED_OTHER, from Linux 6.12 on; older kernels ignore it). Takes no privileges, and
 * leaves the nice value and all else as they are.
 *
 * @nanoseconds: from 100,000 on
 *
 * Returns 0 or a negative errno.
 */
int slice_set(uint64_t nanoseconds);

#endif
