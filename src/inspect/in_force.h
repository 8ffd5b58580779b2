/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_IN_FORCE_H
#define CGTPROXY_INSPECT_IN_FORCE_H

#include "config/config.h"
#include "nft/dump.h"
#include "nft/nft.h"
#include "util/error.h"

/**
 * Puts a config together from what the kernel holds: the proxies with their names, marks and ports, and which of their
 * traffic they get; the routing table and the priority of the policy rules. There are no cgroups' rules in it, nor
 * bypass, nor dns-hijack. What can't be read is 0, of a proxy as of the table.
 *
 * @dump:   with a table
 * @config: set to it, for config_free()
 *
 * Returns 0 or a negative errno with @error.
 */
int in_force_read(struct nft *nft, const struct dump *dump, struct config **config, struct error *error);

#endif
