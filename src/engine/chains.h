/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CHAINS_H
#define CGTPROXY_ENGINE_CHAINS_H

#include "config/config.h"
#include "engine/names.h"
#include "nft/ruleset.h"

/* The chains of each target. The config determines what they do; compile.c, which packets reach them. */

/** Returns the verdict "goto PREFIXNAME". */
struct verdict chain_verdict(const char *prefix, const char *name);

/**
 * Returns the verdict for @target in a hook whose chains are @drop, @refuse, and for proxies @prefix with the proxy's
 * name: return for TARGET_DIRECT, else a goto.
 */
struct verdict chain_of_target(const struct config *config, uint32_t target, const char *drop, const char *refuse,
			       const char *prefix);

/** Returns the proxy's name, a part of @chain, if this is a proxy's mark chain, else NULL. */
const char *chain_proxy(const char *chain);

/** Returns the conntrack label bit for flows to the proxy of that index. */
unsigned chain_label(size_t proxy);

/** Adds DROP-CHAIN, which drops silently. Returns 0 or -ENOMEM, like the functions below. */
int chains_add_drop(struct ruleset *ruleset, const struct config *config);

/** Adds REFUSE-CHAIN, which rejects, so that the program gets an error. */
int chains_add_refuse(struct ruleset *ruleset, const struct config *config);

/** Adds the chains of the proxy of an index: proxy-NAME, tproxy-NAME and, with dns-hijack, dns-NAME. */
int chains_add_proxy(struct ruleset *ruleset, const struct config *config, size_t index);

/**
 * Adds ORPHAN-CHAIN, for packets without a cgroup: those that the kernel sends for a closed socket, like the ACK of a
 * server's late FIN (net/ipv4/tcp_ipv4.c, tcp_v4_timewait_ack). They follow their flow.
 */
int chains_add_orphan(struct ruleset *ruleset, const struct config *config);

/** Adds UNMARKED-CHAIN, for packets of steered flows that arrive on the loopback interface without their mark. */
int chains_add_unmarked(struct ruleset *ruleset, const struct config *config);

#endif
