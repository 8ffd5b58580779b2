/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CHAINS_H
#define CGTPROXY_ENGINE_CHAINS_H

#include "config/config.h"
#include "engine/names.h"
#include "nft/ruleset.h"

/* The chains that a target consists of. The config says what they do; compile.c says where packets come from. */

/** Returns the verdict that goes to the chain of a name behind a prefix. */
struct verdict chain_verdict(const char *prefix, const char *name);

/** Returns the name of the proxy whose mark chain this is, within the chain's, or NULL. */
const char *chain_proxy(const char *chain);

/** Returns the bit of a flow's label that says that the flow goes to the proxy of that index. */
unsigned chain_label(size_t proxy);

/** Adds DROP-CHAIN, which refuses silently. Returns 0 or -ENOMEM, as the next ones do. */
int chains_add_drop(struct ruleset *ruleset, const struct config *config);

/** Adds REFUSE-CHAIN, which refuses and lets the program know. */
int chains_add_refuse(struct ruleset *ruleset, const struct config *config);

/** Adds the chains of the proxy of an index: proxy-NAME, tproxy-NAME and, with dns-hijack, dns-NAME. */
int chains_add_proxy(struct ruleset *ruleset, const struct config *config, size_t index);

/**
 * Adds ORPHAN-CHAIN, for packets that have no cgroup: what the kernel itself sends for a socket that is gone, like the
 * acknowledgement of a server's late end (net/ipv4/tcp_ipv4.c, tcp_v4_timewait_ack). They go the way of their flow.
 */
int chains_add_orphan(struct ruleset *ruleset, const struct config *config);

/** Adds UNMARKED-CHAIN, for packets of steered flows that came around to the loopback interface without their mark. */
int chains_add_unmarked(struct ruleset *ruleset, const struct config *config);

#endif
