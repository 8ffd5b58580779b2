/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_WAY_H
#define CGTPROXY_ROUTE_WAY_H

#include "route/rtnetlink.h"

/**
 * Checks whether an unmarked packet has a route to the internet. The kernel looks one up before the packet reaches any
 * firewall rule, and refuses the packet without it (net/ipv4/route.c, ip_route_output_key; "Network is unreachable").
 *
 * @family: AF_INET or AF_INET6
 *
 * Returns 0 if there is one, -ENETUNREACH or a similar errno if not, or another negative errno.
 */
int way_look(struct rtnetlink *rtnetlink, int family);

#endif
