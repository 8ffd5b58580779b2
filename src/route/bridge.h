/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_BRIDGE_H
#define CGTPROXY_ROUTE_BRIDGE_H

#include "route/rtnetlink.h"

/** Asks whether this network namespace has a bridge. Returns 1, 0 or a negative errno. */
int bridge_exists(struct rtnetlink *rtnetlink);

#endif
