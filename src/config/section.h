/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_SECTION_H
#define CGTPROXY_CONFIG_SECTION_H

#include "config/config.h"
#include "config/keys.h"

/* The two sections of a config that are more than lists of scalars, and the tables of keys. */

/** The keys of a config, of a proxy under "tproxies", and of a rule under "rules"; each ends with one without a name.
 */
extern const struct key config_keys[];
extern const struct key proxy_keys[];
extern const struct key rule_keys[];

/** Reads "tproxies" into the proxies of a struct config, @out. */
bool read_proxies(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reports proxies whose marks can't be told apart. */
void check_marks(const struct config *config, struct diagnostics *diagnostics);

/** Warns of proxies with the same port, and reports a dns-hijack that leads to a proxy instead of a name server. */
void check_ports(const struct config *config, struct diagnostics *diagnostics);

/** Reads "rules" into config->rules. The proxies must have been read. */
void read_rules(struct fy_node *node, struct config *config, struct diagnostics *diagnostics);

#endif
