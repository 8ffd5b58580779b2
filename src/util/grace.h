/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_GRACE_H
#define CGTPROXY_UTIL_GRACE_H

/**
 * Waits until every packet that is in netfilter at the call has left it. Netfilter hooks run in RCU read-side critical
 * sections, and MEMBARRIER_CMD_GLOBAL waits for a grace period (kernel/sched/membarrier.c). Kernels with nohz_full
 * refuse that; there this sleeps for a time that is long for a packet.
 */
void grace_period(void);

#endif
