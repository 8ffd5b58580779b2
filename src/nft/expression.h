/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_EXPRESSION_H
#define CGTPROXY_NFT_EXPRESSION_H

#include "nft/ruleset.h"

#include <libnftnl/rule.h>
#include <stdint.h>

/**
 * Adds a statement to a rule as the expressions of the kernel's virtual machine.
 *
 * @rule: libnftnl's rule
 * @set:  id within the transaction of the anonymous set that the statement looks up, if it does
 *
 * Returns 0 or -ENOMEM.
 */
int expression_add(struct nftnl_rule *rule, const struct statement *statement, uint32_t set);

#endif
