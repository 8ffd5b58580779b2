/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_GATEWAY_PROBLEMS_H
#define CGTPROXY_INSPECT_GATEWAY_PROBLEMS_H

#include "config/config.h"
#include "inspect/problems.h"
#include "route/links.h"

#include <stdbool.h>

/* What keeps traffic that this host forwards for others from its target. Each returns 0 or a negative errno. */

/** Returns whether a config steers any such traffic. */
bool gateway_is_used(const struct config *config);

/** Adds that the kernel does not forward packets. What goes to a proxy is not forwarded, and gets there anyway. */
int gateway_judge_forwarding(const struct config *config, const struct links *links, struct problems *problems);

/** Adds name servers to which others' queries are redirected and that don't get them. */
int gateway_judge_name_servers(const struct config *config, const struct links *links, struct problems *problems);

/** Adds selected bridges whose packets br_netfilter sends through nftables' chains for IP, where they get lost. */
int gateway_judge_bridges(const struct config *config, const struct links *links, struct problems *problems);

/** Adds all of these but the last, as this host is now; nothing without a gateway. */
int gateway_judge(const struct config *config, struct problems *problems);

#endif
