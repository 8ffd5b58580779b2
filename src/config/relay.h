/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_RELAY_H
#define CGTPROXY_CONFIG_RELAY_H

#include "config/config.h"
#include "config/keys.h"

/* "relay" of a proxy: what cgtproxy-relay does for it. */

/** The unit that a proxy's relay runs as; without an instance's name, all of them. */
#define RELAY_UNIT_PREFIX "cgtproxy-relay@"

/** The keys of "relay"; the last one has no name. */
extern const struct key relay_keys[];

/**
 * Reads what is done with questions for names: "off", "fake-ip", or "tcp://ADDRESS[:PORT]", with an IPv6 address in
 * brackets.
 *
 * Returns whether it is one of these.
 */
bool relay_dns_parse(const char *text, struct relay_dns *dns);

enum { RELAY_DNS_SIZE = sizeof("tcp://") + ENDPOINT_SIZE };

/**
 * Writes it as relay_dns_parse() reads it.
 *
 * @out: RELAY_DNS_SIZE bytes
 *
 * Returns @out.
 */
const char *relay_dns_write(const struct relay_dns *dns, char *out);

/** Reads "relay" into a struct proxy_relay, @out. */
bool read_relay(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/**
 * Reports what the keys of a proxy with a relay contradict. Where the upstream has no UDP, it is refused.
 *
 * @says_udp: one of the keys for UDP is there
 */
void check_relay(struct proxy *proxy, bool says_udp, struct diagnostics *diagnostics);

/** Reports destinations of "bypass" that are fake IPv4 addresses of a relay. */
void check_fake_networks(const struct config *config, struct diagnostics *diagnostics);

/** Returns whether names may have fake IPv6 addresses: connections to these reach the relay. */
bool relay_has_fake_ip6(const struct config *config, const struct proxy *proxy);

/**
 * Adds the first rule of a config with relays, so that these are direct whatever the others say.
 *
 * Returns 0 or -ENOMEM.
 */
int relay_add_rule(struct config *config);

#endif
