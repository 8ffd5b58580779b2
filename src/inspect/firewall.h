/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_FIREWALL_H
#define CGTPROXY_INSPECT_FIREWALL_H

#include "config/config.h"
#include "inspect/problems.h"
#include "nft/others.h"

/** Begins to read other programs' rules, in pieces, as others_begin() does. */
int firewall_begin(struct others **others, struct nft *nft, const struct config *config);

/**
 * Adds what is in the way among the rules that were read to the end. What the config has no use for is not: without a
 * proxy nothing comes from the loopback interface, and without a rule no answer is told from other traffic.
 *
 * @config: the same as for firewall_begin()
 *
 * Returns 0 or -ENOMEM.
 */
int firewall_judge(const struct others *others, const struct config *config, struct problems *problems);

/** Does all of it at once. Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno. */
int firewall_inspect(const struct config *config, struct problems *problems);

#endif
