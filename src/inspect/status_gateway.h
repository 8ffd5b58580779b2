/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_GATEWAY_H
#define CGTPROXY_INSPECT_STATUS_GATEWAY_H

#include "config/config.h"
#include "nft/dump.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The part of the status that is about traffic that this host forwards for others. */

/** A target, and what others have sent to it. */
struct status_gateway_target {
	char name[PROXY_NAME_MAX + 1]; /* "direct", "drop", "refuse" or the proxy's */
	bool is_proxy;
	bool is_counted; /* whether packets and bytes are known */
	uint64_t packets;
	uint64_t bytes;
};

/** A rule of the config. */
struct status_gateway_rule {
	int line;
	char *selector; /* as written, escaped */
	char target[PROXY_NAME_MAX + 1];
	char **absent; /* names of interfaces that it selects and that there are not */
	size_t absent_count;
};

struct status_gateway {
	bool exists;
	struct fwmark mark; /* without a mask: not known */
	/* drop, refuse and the proxies, in the kernel's order */
	struct status_gateway_target *targets;
	size_t target_count;
	/* whether the config that is in force is known, and what it says then */
	bool has_rules;
	bool is_strict;
	bool has_containers;
	struct status_gateway_rule *rules;
	size_t rule_count;
};

/**
 * Reads the state of the gateway.
 *
 * @held:    what the kernel shows of the config in force
 * @config:  the config in force, or NULL if that is not known
 * @gateway: zeroed; status_gateway_clear() it whatever this returns
 *
 * Returns 0 or a negative errno.
 */
int status_read_gateway(const struct dump *dump, const struct config *held, const struct config *config,
			struct status_gateway *gateway);

/** Returns whether nothing of the gateway is missing that a config with one needs. */
bool status_gateway_is_whole(const struct dump *dump, const struct config *config);

void status_gateway_clear(struct status_gateway *gateway);

#endif
