/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_OPTIONS_H
#define CGTPROXY_RELAY_DNS_OPTIONS_H

#include "config/config.h"

#include <stdbool.h>

/** What a relay does with questions for names. */
struct dns_options {
	struct relay_dns dns;
	struct network ip;	     /* of fake addresses; prefix 0: none */
	struct network ip6;	     /* likewise, but not both */
	const char *state_directory; /* that keeps their names, or NULL */
};

/**
 * Reads networks of fake addresses, "198.18.0.0/15,fc00::/18": one of each family, or one of either, where the other
 * family then has none.
 *
 * Returns whether they are that, have addresses for names, and are not networks where something else is.
 */
bool fake_networks_parse(const char *text, struct dns_options *options);

#endif
