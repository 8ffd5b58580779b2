/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_SHORT_RULE_H
#define CGTPROXY_NFT_SHORT_RULE_H

#include "nft/nft.h"
#include "nft/ruleset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHORT_RULE_MATCHES = 4 };

/** A comparison of something of a packet's, like "meta mark and 0xff == 1". */
struct short_match {
	uint32_t key;	    /* NFT_META_* */
	uint32_t mask;	    /* all ones without one; host byte order, as is the value */
	uint32_t operation; /* NFT_CMP_* */
	uint32_t value;	    /* one of a single byte is that byte */
};

/** What a rule of our table is, as far as it has no more than such comparisons and an end. */
struct short_rule {
	bool has_more; /* something that is not described here, counters not among it */
	struct short_match matches[SHORT_RULE_MATCHES];
	size_t match_count;
	bool returns;
	char leads_to[NFT_NAME_SIZE]; /* goto; or "" */
	uint16_t tproxy_port;	      /* host byte order; 0: no "tproxy to" */
};

/**
 * Reads the rules of a chain of our table.
 *
 * @note: is given each, in order
 *
 * Returns 0, -ENOENT when there is no such chain, or another negative errno.
 */
int short_rules_read(struct nft *nft, const char *chain, void (*note)(const struct short_rule *rule, void *userdata),
		     void *userdata);

#endif
