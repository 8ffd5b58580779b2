/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_SET_TEXT_H
#define CGTPROXY_NFT_SET_TEXT_H

#include "nft/set.h"
#include "nft/text.h"
#include "nft/verdict.h"

#include <stdio.h>

/* Parts of a table in nft's syntax. */

/** Writes a verdict. */
void verdict_print(FILE *out, const struct verdict *verdict);

/** Writes a set or map with its elements; those that nft can't read are comments. */
void set_print(FILE *out, const struct set *set, const struct cgroup_names *names);

#endif
