/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_TRACE_H
#define CGTPROXY_INSPECT_TRACE_H

#include "config/config.h"
#include "inspect/packet.h"
#include "nft/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What our table does with the first packet of a connection, from a cgroup of this host or from another host. The
 * chains of the compiled table are followed, so the answer is that of the rules, not of a second idea of them.
 */

enum trace_outcome {
	TRACE_DIRECT,
	TRACE_PROXY,
	TRACE_HIJACK, /* to the server of dns-hijack */
	TRACE_DROP,
	TRACE_REFUSE,
};

/** What decided. */
enum trace_reason {
	REASON_TARGET, /* nothing but the cgroup's target */
	REASON_BYPASS,
	REASON_LOCAL, /* bypass-local */
	REASON_HIJACK,
	REASON_IPV6, /* the proxy's key of this name, like the next two */
	REASON_UDP,
	REASON_OTHER,
	REASON_MULTICAST, /* which is "other" as well */
	REASON_BROADCAST,
	REASON_CONTAINER,     /* another container's address */
	REASON_NOT_FORWARDED, /* of another host's: to this one, or to no single host */
};

struct trace {
	struct packet packet;
	enum trace_outcome outcome;
	enum trace_reason reason;
	char proxy[PROXY_NAME_MAX + 1]; /* of the cgroup; "" if its target is none */
	struct endpoint server; /* with TRACE_HIJACK: which server, without an address if it is this host's where the
				   packet arrives; with TRACE_PROXY: its port, no address */
	bool is_unheard;	/* with TRACE_PROXY: no socket for TPROXY listens on that port; by explain_packets() */
	struct relay_dns dns;	/* with TRACE_PROXY and REASON_HIJACK: what the relay does with the question */
	bool is_fake;		/* the destination stands for a name, at a relay with fake addresses */
	struct network bypass;	/* with REASON_BYPASS: the entry of the config; family 0 if the config has none */
};

/**
 * Follows a packet through the chain of a cgroup's target.
 *
 * @ruleset: compiled from @config; its bypass sets may be the kernel's
 * @target:  "direct", "drop", "refuse" or a proxy's name
 * @trace:   its packet is given, the rest is set
 *
 * Returns false if the ruleset has no such target, and the destination is not bypassed.
 */
bool trace_packet(const struct ruleset *ruleset, const struct config *config, const char *target, struct trace *trace);

/**
 * Follows a packet of another host through the chains of the gateway.
 *
 * @ruleset: as above
 * @trace:   its packet is given, with the sender; the rest is set
 */
void trace_forwarded(const struct ruleset *ruleset, const struct config *config, struct trace *trace);

/**
 * Finds the target that another host's packets have, wherever they go.
 *
 * @target: set to "direct", "drop", "refuse" or a proxy's name
 *
 * Returns whether it has it as a container, and not by the gateway's rules.
 */
bool trace_sender(const struct ruleset *ruleset, const struct sender *sender, char target[NFT_NAME_SIZE]);

#endif
