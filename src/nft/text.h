/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_TEXT_H
#define CGTPROXY_NFT_TEXT_H

#include "nft/ruleset.h"
#include "nft/set_text.h"

#include <stdio.h>

/**
 * Writes a table as input for "nft -f". Elements that nft could not parse (it only knows cgroups below /sys/fs/cgroup
 * and can't escape a quotation mark) become comments; those without a name are left out.
 *
 * @ruleset: its sets are sorted
 */
void ruleset_print(FILE *out, const struct ruleset *ruleset, const struct cgroup_names *names);

#endif
