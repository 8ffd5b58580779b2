/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_GATEWAY_MATCH_H
#define CGTPROXY_INSPECT_GATEWAY_MATCH_H

#include "config/config.h"
#include "route/links.h"
#include "util/address.h"

#include <net/if.h>
#include <netinet/if_ether.h>
#include <stdbool.h>
#include <stdint.h>

/** Whoever sends packets through this host, as far as is known. */
struct sender {
	char interface[IFNAMSIZ]; /* on which they arrive, or "" */
	uint32_t index;		  /* of that interface, or 0 */
	bool has_mac;
	uint8_t mac[ETH_ALEN];
	struct endpoint source; /* without a port; family 0: not known */
};

/** Returns whether a rule of the gateway matches what a sender sends. */
bool gateway_rule_matches(const struct gateway_rule *rule, const struct sender *sender);

/** Returns whether a rule may match what arrives on an interface; also if its selector is not known. */
bool gateway_rule_reaches(const struct gateway_rule *rule, const char *interface);

/** Returns whether a rule selects an interface by its name. */
bool gateway_rule_names(const struct gateway_rule *rule, const char *interface);

/** Returns the interface that a value of a rule names, if it is none of those that there are, or NULL. */
const char *gateway_absent_interface(const struct gateway_rule *rule, size_t value, const struct links *links);

/** Returns whether an address belongs to a network. */
bool network_contains(const struct network *network, const struct endpoint *address);

#endif
