/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_FIREWALL_H
#define CGTPROXY_INSPECT_FIREWALL_H

#include "config/config.h"
#include "inspect/problems.h"
#include "nft/others.h"

/** Starts reading other programs' rules, in pieces, like others_begin(). */
int firewall_begin(struct others **others, struct nft *nft, const struct config *config);

/**
 * Adds the problems found in the rules, which must have been read to the end. Rules that can't affect the config are no
 * problem: without a proxy nothing comes from the loopback interface, and without a rule replies need not be told from
 * other traffic.
 *
 * @config: the same as for firewall_begin()
 *
 * Returns 0 or -ENOMEM.
 */
int firewall_judge(const struct others *others, const struct config *config, struct problems *problems);

/** Does all of this at once. Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno. */
int firewall_inspect(const struct config *config, struct problems *problems);

#endif
