/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_WAY_H
#define CGTPROXY_ROUTE_WAY_H

#include "route/rtnetlink.h"

/**
 * Asks whether a packet without a mark has a way to the internet. The kernel wants one before it shows the packet to
 * any rule of a firewall, and refuses the packet without (net/ipv4/route.c, ip_route_output_key; "Network is
 * unreachable").
 *
 * @family: AF_INET or AF_INET6
 *
 * Returns 0 if it has, -ENETUNREACH and its like if not, or another negative errno.
 */
int way_look(struct rtnetlink *rtnetlink, int family);

#endif
