/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_COMMENT_H
#define CGTPROXY_NFT_COMMENT_H

#include "nft/nft.h"
#include "nft/ruleset.h"

/**
 * Reads the first comment of a rule in a chain of our table.
 *
 * @comment: COMMENT_SIZE bytes; set to it, or "" when there is none
 *
 * Returns 0 or a negative errno.
 */
int nft_read_comment(struct nft *nft, const char *chain, char *comment);

#endif
