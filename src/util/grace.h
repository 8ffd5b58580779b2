/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_GRACE_H
#define CGTPROXY_UTIL_GRACE_H

/**
 * Awaits that each packet has left netfilter that was there when this began. Netfilter's hooks are RCU read-side
 * sections, and MEMBARRIER_CMD_GLOBAL awaits a grace period (kernel/sched/membarrier.c). Kernels with nohz_full refuse
 * that; there it is some time, long for a packet.
 */
void grace_period(void);

#endif
