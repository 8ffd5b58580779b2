/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_OTHER_RULE_H
#define CGTPROXY_NFT_OTHER_RULE_H

#include "nft/ruleset.h"
#include "util/fwmark.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STEERED_MARKS_MAX = 64, /* bits of a set of them */
};

/** The marks of what is steered. A set of them is a number with the bit of each one's index. */
struct steered_marks {
	struct fwmark items[STEERED_MARKS_MAX];
	size_t count;
};

/** Returns the set of all of them. */
uint64_t steered_marks_all(const struct steered_marks *marks);

/** What a rule of another program does that may matter to steered traffic. */
struct other_rule {
	uint64_t may_match; /* packets with these marks */
	uint64_t matches;   /* all packets with these marks, for sure */
	uint64_t sets_mark; /* of packets with these marks */
	bool has_notrack;
	bool ends;		 /* its packets don't get to the next rule of the chain */
	bool accepts_loopback;	 /* what comes from the loopback interface, if nothing else about it is asked */
	bool drops_by_address;	 /* by whose address it is, other things than the loopback interface */
	const struct nlattr *to; /* the name of the chain that it leads to, or NULL */
};

/**
 * Reads a rule's expressions.
 *
 * @expressions: NFTA_RULE_EXPRESSIONS; what is not understood counts as a condition that may hold or not
 */
void other_rule_read(struct other_rule *rule, const struct nlattr *expressions, const struct steered_marks *marks);

#endif
