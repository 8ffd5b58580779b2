/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_LOOPBACK_H
#define CGTPROXY_UTIL_LOOPBACK_H

/** The index of the loopback interface in every network namespace (include/net/net_namespace.h, LOOPBACK_IFINDEX). */
enum { LOOPBACK_INDEX = 1 };

#endif
